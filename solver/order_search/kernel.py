"""The compiled annealing of orders: device orders in, better device orders out."""

import numpy as np

from gapweave.solver.compiled import allocating, compiled, copy_into, inlined
from gapweave.solver.order_search.state import (
    earliest_end,
    late_count,
    makespan_of,
    sort_topologically,
    tardiness,
    write_order,
)

#: Moves accepted between two sortings of the topological order by time, which keep its windows short.
_ACCEPTED_PER_SORTING = 256
#: Chance that a move starts from a task on a critical path.
_CRITICAL_SHARE = 0.5
#: Most steps back along a critical path.
_STEPS_BACK = 30
#: Mean of the exponential part of a move's length, in positions.
_REACH = 4.0
#: Temperatures by which a move's cost may exceed what is acceptable before its evaluation is given up.
_PATIENCE = 3.0
#: Work of a move beside the nodes that it touches, in nodes.
_WORK_PER_MOVE = 5


@compiled
def anneal(  # type: ignore[no-untyped-def]
    graph, state, target, best, moves, work_limit, hot, cooling, random
):
    """Anneal the orders: try moves until there were enough, the work is done, or the target is met.

    Parameters
    ----------
    target
        Makespan aimed at, in ticks.
    best
        Makespan below which orders are kept in ``best_seq`` if no limit is broken.
    hot, cooling
        Temperature at first, in units of the cost, and its factor per move.
    random
        A numpy generator.

    Returns
    -------
    tuple
        Cost, new best makespan, moves tried, nodes looked at.
    """
    temperature, work, accepted = hot, 0, 0
    cost, late = tardiness(graph, state, target), late_count(graph, state)
    for move in range(moves):
        if work >= work_limit or cost == 0:
            return cost, best, move, work
        temperature *= cooling
        work += _WORK_PER_MOVE
        device, a, b, shift = _draw_move(graph, state, target, random)
        if a >= b or not _propose(graph, state, device, a, b, shift):
            continue
        copy_into(state.old, state.seq[a : b + 1])
        write_order(graph, state, device, a, b, state.fresh)
        lo, window = _sort_window(graph, state, a, b)
        work += window
        if lo < 0:
            write_order(graph, state, device, a, b, state.old)
            continue
        allowed = temperature * random.standard_exponential()
        give_up = int(allowed + _PATIENCE * temperature)
        change, late_change, changed = _propagate(graph, state, device, a, b, lo, target, give_up)
        work += changed
        if change <= allowed:
            cost += change
            late += late_change
            accepted += 1
            if accepted % _ACCEPTED_PER_SORTING == 0:
                _sort_by_time(state)
                work += len(state.topo)
            makespan = makespan_of(graph, state)
            if makespan < best and late == 0:
                best = makespan
                copy_into(state.best_seq, state.seq)
        else:
            for k in range(changed):
                state.end[state.log_node[k]] = state.log_end[k]
            write_order(graph, state, device, a, b, state.old)
            _restore_window(state, lo, window)
    return cost, best, moves, work


@inlined
def _draw_move(graph, state, target, random):  # type: ignore[no-untyped-def]
    """Draw a device, a range of positions, and what to do with it (see `_propose`)."""
    node = state.seq[int(random.random() * len(state.seq))]
    if random.random() < _CRITICAL_SHARE:
        steps = int(random.random() * _STEPS_BACK)
        node = _walk_back(graph, state, _late_node(graph, state, target, random), steps, random)
    p, device = state.pos[node], graph.device[node]
    if p < 0:
        return 0, 0, 0, 0
    length = 1 + int(_REACH * random.standard_exponential())
    kind = int(random.random() * 5)
    a = p
    if kind == 0 or kind == 3:
        a = p - length
    elif kind != 1:
        a = p - int(random.random() * (length + 1))
    b = min(a + length, graph.seq_ptr[device + 1] - 1)
    a = max(a, graph.seq_ptr[device])
    shift = 0
    if kind == 0:  # the last task goes first
        shift = b - a
    elif kind == 1:  # the first task goes last
        shift = 1
    elif kind == 2 and b > a:
        shift = 1 + int(random.random() * (b - a))
    return device, a, b, shift


@inlined
def _late_node(graph, state, target, random):  # type: ignore[no-untyped-def]
    """Draw a task, a late one if a few attempts find one."""
    node = 0
    for _ in range(8):
        node = state.seq[int(random.random() * len(state.seq))]
        if state.end[node] + graph.tail[node] > target:
            break
    return node


@inlined
def _walk_back(graph, state, node, steps, random):  # type: ignore[no-untyped-def]
    """Go from node to node that ends just in time for the next, choosing at random."""
    for _ in range(steps):
        start = state.end[node] - graph.duration[node]
        chosen, choices = -1, 0
        before = state.before[node]
        if before >= 0 and state.end[before] == start:
            chosen, choices = before, 1
        for edge in range(graph.pred_ptr[node], graph.pred_ptr[node + 1]):
            before = graph.preds[edge]
            if state.end[before] + graph.lags[edge] == start:
                choices += 1
                if random.random() * choices < 1.0:
                    chosen = before
        if chosen < 0:
            break
        node = chosen
    return node


@inlined
def _propose(graph, state, device, a, b, shift):  # type: ignore[no-untyped-def]
    """Rotate positions a..b left by ``shift``, or exchange the tasks at a and b if it is 0.

    What moves are lanes: the microbatches of each lane are then dealt out in order. Fills ``fresh``; returns
    False if memory does not hold that, or if nothing changes.
    """
    size = b - a + 1
    for k in range(b, a - 1, -1):
        state.lane_next[graph.lane[state.seq[k]]] = state.seq[k]
    level = state.level[a - 1] if a > graph.seq_ptr[device] else 0
    changes = False
    for k in range(size):
        source = k
        if shift > 0:
            source = k + shift if k + shift < size else k + shift - size
        elif k == 0 or k == size - 1:
            source = size - 1 - k
        lane = graph.lane[state.seq[a + source]]
        node = state.lane_next[lane]
        state.lane_next[lane] = graph.following[node]
        level += graph.delta[node]
        if level > graph.capacity[device]:
            return False
        state.fresh[k] = node
        changes = changes or node != state.seq[a + k]
    return changes


@inlined
def _sort_window(graph, state, a, b):  # type: ignore[no-untyped-def]
    """Sort the part of the topological order that holds positions a..b anew.

    Returns its begin (-1: there is a cycle, nothing is changed) and size. Nodes outside stay where they are,
    as all precedences that changed are between nodes inside.
    """
    lo, hi = len(state.topo), -1
    for k in range(a, b + 1):
        t = state.topo_pos[state.seq[k]]
        lo, hi = min(lo, t), max(hi, t)
    size = 0
    for t in range(lo, hi + 1):
        node = state.topo[t]
        missing = 0
        before = graph.first_pred[node]
        if before >= 0 and state.topo_pos[before] >= lo:
            missing += 1
        for edge in range(graph.pred_ptr[node] + 1, graph.pred_ptr[node + 1]):
            if state.topo_pos[graph.preds[edge]] >= lo:
                missing += 1
        before = state.before[node]
        if before >= 0 and state.topo_pos[before] >= lo:
            missing += 1
        state.missing[node] = missing
        if missing == 0:
            state.queue[size] = node
            size += 1
    if sort_topologically(graph, state, size, hi) < hi - lo + 1:
        return -1, hi - lo + 1
    for t in range(lo, hi + 1):
        state.old_topo[t - lo] = state.topo[t]
        node = state.queue[t - lo]
        state.topo[t], state.topo_pos[node] = node, t
    return lo, hi - lo + 1


@inlined
def _restore_window(state, lo, size):  # type: ignore[no-untyped-def]
    """Take the last sorting of a window back."""
    for t in range(lo, lo + size):
        node = state.old_topo[t - lo]
        state.topo[t], state.topo_pos[node] = node, t


@inlined
def _propagate(graph, state, device, a, b, lo, target, give_up):  # type: ignore[no-untyped-def]
    """Bring ends up to date after a change of positions a..b, and log the old ones.

    Returns the changes of the cost and of the number of late nodes, and the number of changed nodes. Once the
    cost has grown by more than ``give_up`` the rest is left undone.
    """
    pending = 0
    for k in range(a, min(b + 2, graph.seq_ptr[device + 1])):
        pending += _mark(state, state.seq[k])
    change, late_change, changed = 0, 0, 0
    t = lo - 1
    while pending > 0:
        t += 1
        if not state.dirty[t]:
            continue
        state.dirty[t] = 0
        pending -= 1
        if change > give_up:
            continue
        node = state.topo[t]
        old, end = state.end[node], earliest_end(graph, state, node)
        if end == old:
            continue
        state.log_node[changed], state.log_end[changed] = node, old
        changed += 1
        state.end[node] = end
        rest = graph.tail[node] - target
        change += max(0, end + rest) - max(0, old + rest)
        late_change += int(end > graph.latest_end[node]) - int(old > graph.latest_end[node])
        if change > give_up:
            continue
        for edge in range(graph.succ_ptr[node], graph.succ_ptr[node + 1]):
            pending += _mark(state, graph.succs[edge])
        if state.after[node] >= 0:
            pending += _mark(state, state.after[node])
    return change, late_change, changed


@inlined
def _mark(state, node):  # type: ignore[no-untyped-def]
    """Mark a node as to be looked at; returns 1 if it was not yet."""
    t = state.topo_pos[node]
    if state.dirty[t]:
        return 0
    state.dirty[t] = 1
    return 1


@allocating
def _sort_by_time(state):  # type: ignore[no-untyped-def]
    """Sort the topological order by ends: only milestones end when an input ends, and the sort is stable."""
    state.queue[:] = state.topo[np.argsort(state.end[state.topo], kind="mergesort")]
    for t in range(len(state.topo)):
        state.topo[t], state.topo_pos[state.queue[t]] = state.queue[t], t
