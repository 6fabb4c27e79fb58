"""Orders of all devices and what follows from them, as compiled passes read and change them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import allocating, compiled
from gapweave.solver.order_search.graph import OrderGraph

Int32Array = npt.NDArray[np.int32]


class OrderState(NamedTuple):
    """Orders of all devices and what follows from them; the last fields are room to work in.

    Attributes
    ----------
    seq, level
        The tasks of device 0 in order, then those of device 1 and so on; their device's memory after each.
    pos, before, after
        Per node: its position in ``seq``, its neighbours on the device (-1: none).
    topo, topo_pos
        All nodes in a topological order, and the position of each.
    end
        Per node: its earliest end under these orders, in ticks.
    best_seq
        The best orders so far.
    """

    seq: Int64Array
    level: Int64Array
    pos: Int32Array
    before: Int32Array
    after: Int32Array
    topo: Int32Array
    topo_pos: Int32Array
    end: Int64Array
    best_seq: Int64Array
    fresh: Int64Array
    old: Int64Array
    old_topo: Int32Array
    lane_next: Int64Array
    missing: Int32Array
    queue: Int32Array
    dirty: npt.NDArray[np.uint8]
    log_node: Int32Array
    log_end: Int64Array


def empty_state(graph: OrderGraph) -> OrderState:
    """Return room for the orders of a graph; fill ``seq``, then call `load`."""
    nodes, tasks, lanes = len(graph.duration), int(graph.seq_ptr[-1]), int(graph.lane.max()) + 1

    def zeros(size: int, dtype: Any = np.int64) -> Any:
        return np.zeros(size, dtype=dtype)

    return OrderState(
        seq=zeros(tasks),
        level=zeros(tasks),
        pos=zeros(nodes, np.int32),
        before=zeros(nodes, np.int32),
        after=zeros(nodes, np.int32),
        topo=zeros(nodes, np.int32),
        topo_pos=zeros(nodes, np.int32),
        end=zeros(nodes),
        best_seq=zeros(tasks),
        fresh=zeros(tasks),
        old=zeros(tasks),
        old_topo=zeros(nodes, np.int32),
        lane_next=zeros(lanes),
        missing=zeros(nodes, np.int32),
        queue=zeros(nodes, np.int32),
        dirty=zeros(nodes, np.uint8),
        log_node=zeros(nodes, np.int32),
        log_end=zeros(nodes),
    )


@allocating
def load(graph, state):  # type: ignore[no-untyped-def]
    """Derive a state from its ``seq``; returns whether it has no cycle and memory holds it."""
    state.pos[:], state.before[:], state.after[:], state.topo_pos[:], state.dirty[:] = -1, -1, -1, 0, 0
    state.best_seq[:] = state.seq
    for device in range(len(graph.seq_ptr) - 1):
        first, stop = graph.seq_ptr[device], graph.seq_ptr[device + 1]
        if stop > first:
            state.fresh[: stop - first] = state.seq[first:stop]
            write_order(graph, state, device, first, stop - 1, state.fresh)
            if state.level[first:stop].max() > graph.capacity[device]:
                return False
    size = 0
    for node in range(len(graph.duration)):
        state.missing[node] = graph.pred_ptr[node + 1] - graph.pred_ptr[node] + (state.before[node] >= 0)
        if state.missing[node] == 0:
            state.queue[size] = node
            size += 1
    if sort_topologically(graph, state, size, 0) < len(graph.duration):
        return False
    for t in range(len(graph.duration)):
        node = state.queue[t]
        state.topo[t], state.topo_pos[node] = node, t
        state.end[node] = earliest_end(graph, state, node)
    return True


@compiled
def late_count(graph, state):  # type: ignore[no-untyped-def]
    """Number of nodes that end later than they must."""
    count = 0
    for node in range(len(state.end)):
        count += state.end[node] > graph.latest_end[node]
    return count


@compiled
def tardiness(graph, state, target):  # type: ignore[no-untyped-def]
    """Sum over all nodes of how much too late they end for the makespan ``target``: the cost of orders."""
    total = 0
    for node in range(len(graph.duration)):
        total += max(0, state.end[node] + graph.tail[node] - target)
    return total


@compiled
def makespan_of(graph, state):  # type: ignore[no-untyped-def]
    """End of the last task, in ticks."""
    makespan = 0
    for device in range(len(graph.seq_ptr) - 1):
        if graph.seq_ptr[device + 1] > graph.seq_ptr[device]:
            makespan = max(makespan, state.end[state.seq[graph.seq_ptr[device + 1] - 1]])
    return makespan


@compiled
def sort_topologically(graph, state, size, hi):  # type: ignore[no-untyped-def]
    """Let ``queue`` (so far ``size`` nodes that wait for none) grow by all that come after, up to ``hi``.

    Returns how many there are (Kahn's algorithm).
    """
    done = 0
    while done < size:
        node = state.queue[done]
        done += 1
        for edge in range(graph.succ_ptr[node], graph.succ_ptr[node + 1] + 1):
            is_last = edge == graph.succ_ptr[node + 1]
            after = state.after[node] if is_last else graph.succs[edge]
            if after >= 0 and state.topo_pos[after] <= hi:
                state.missing[after] -= 1
                if state.missing[after] == 0:
                    state.queue[size] = after
                    size += 1
    return size


@compiled
def earliest_end(graph, state, node):  # type: ignore[no-untyped-def]
    """Earliest end of a node, from those of the nodes before it."""
    start = graph.release[node]
    before = graph.first_pred[node]
    if before >= 0:
        start = max(start, state.end[before] + graph.first_lag[node])
    before = state.before[node]
    if before >= 0:
        start = max(start, state.end[before])
    for edge in range(graph.pred_ptr[node] + 1, graph.pred_ptr[node + 1]):
        start = max(start, state.end[graph.preds[edge]] + graph.lags[edge])
    return start + graph.duration[node]


@compiled
def write_order(graph, state, device, a, b, nodes):  # type: ignore[no-untyped-def]
    """Put ``nodes`` at positions a..b."""
    level, before = 0, -1
    if a > graph.seq_ptr[device]:
        level, before = state.level[a - 1], state.seq[a - 1]
    for k in range(a, b + 1):
        node = nodes[k - a]
        level += graph.delta[node]
        state.seq[k], state.level[k], state.pos[node] = node, level, k
        state.before[node] = before
        if before >= 0:
            state.after[before] = node
        before = node
    after = state.seq[b + 1] if b + 1 < graph.seq_ptr[device + 1] else -1
    state.after[before] = after
    if after >= 0:
        state.before[after] = before
