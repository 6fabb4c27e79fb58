"""Compiled passes over the task graph with device orders: heads, tails, and what lies between two sets."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.list_kernel import compiled

#: Later than any time.
NEVER = 2**60


class Neighbours(NamedTuple):
    """Edges of the task graph both ways; ``*_ptr`` arrays cut the flat ones into a slice per node.

    Attributes
    ----------
    source_ptr, sources, source_lags
        Edges by their target.
    target_ptr, targets, target_lags
        Edges by their source.
    """

    source_ptr: Int64Array
    sources: Int64Array
    source_lags: Int64Array
    target_ptr: Int64Array
    targets: Int64Array
    target_lags: Int64Array

    @classmethod
    def of(cls, arrays: TaskArrays) -> "Neighbours":
        """Sort the edges both ways."""
        by_target = np.argsort(arrays.edge_target, kind="stable")
        by_source = np.argsort(arrays.edge_source, kind="stable")
        return cls(
            _pointers(arrays.edge_target, arrays.node_count),
            arrays.edge_source[by_target],
            arrays.edge_lag[by_target],
            _pointers(arrays.edge_source, arrays.node_count),
            arrays.edge_target[by_source],
            arrays.edge_lag[by_source],
        )


def _pointers(ends: Int64Array, count: int) -> Int64Array:
    counts = np.bincount(ends, minlength=count)
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


@compiled
def earliest(neighbours, duration, ready, pinned, before, after):  # type: ignore[no-untyped-def]
    """Start every node as early as the edges and its predecessor on the device allow.

    Parameters
    ----------
    ready, pinned
        Per node: earliest start; given start, or -1.
    before, after
        Per node: the node that its device runs before and after it, or -1.

    Returns
    -------
    (ndarray, ndarray)
        Starts of all nodes, and the nodes in a topological order; some are missing from it if the orders
        deadlock or a pinned node would be late.
    """
    count = len(duration)
    waiting = np.empty(count, np.int64)
    topological = np.empty(count, np.int64)
    start = ready.copy()
    filled = 0
    for node in range(count):
        waiting[node] = neighbours.source_ptr[node + 1] - neighbours.source_ptr[node] + (before[node] >= 0)
        if waiting[node] == 0:
            topological[filled] = node
            filled += 1
    done = 0
    while done < filled:
        node = topological[done]
        done += 1
        if pinned[node] >= 0:
            if start[node] > pinned[node]:
                return start, topological[:0]
            start[node] = pinned[node]
        end = start[node] + duration[node]
        for edge in range(neighbours.target_ptr[node], neighbours.target_ptr[node + 1]):
            target = neighbours.targets[edge]
            start[target] = max(start[target], end + neighbours.target_lags[edge])
            waiting[target] -= 1
            if waiting[target] == 0:
                topological[filled] = target
                filled += 1
        target = after[node]
        if target >= 0:
            start[target] = max(start[target], end)
            waiting[target] -= 1
            if waiting[target] == 0:
                topological[filled] = target
                filled += 1
    return start, topological[:filled]


@compiled
def tails_and_deadlines(neighbours, duration, pinned, due, after, topological):  # type: ignore[no-untyped-def]
    """What must follow each node, with the devices' orders as they are.

    Parameters
    ----------
    due
        Per node: its own latest end.

    Returns
    -------
    (ndarray, ndarray)
        Per node: longest path from its end to the makespan that meets no pinned node; latest end with which
        every pinned node can start in time and every node can end when it is due.
    """
    tail = np.zeros(len(duration), np.int64)
    deadline = due.copy()
    for position in range(len(topological) - 1, -1, -1):
        node = topological[position]
        for edge in range(neighbours.target_ptr[node], neighbours.target_ptr[node + 1]):
            target, lag = neighbours.targets[edge], neighbours.target_lags[edge]
            if pinned[target] >= 0:
                deadline[node] = min(deadline[node], pinned[target] - lag)
            else:
                tail[node] = max(tail[node], lag + duration[target] + tail[target])
                deadline[node] = min(deadline[node], deadline[target] - duration[target] - lag)
        target = after[node]
        if target >= 0:
            if pinned[target] >= 0:
                deadline[node] = min(deadline[node], pinned[target])
            else:
                tail[node] = max(tail[node], duration[target] + tail[target])
                deadline[node] = min(deadline[node], deadline[target] - duration[target])
    return tail, deadline


@compiled
def between(neighbours, before, after, topological, chosen):  # type: ignore[no-untyped-def]
    """Mark the nodes on a path from one chosen node to another, the chosen ones aside.

    Parameters
    ----------
    chosen
        Per node: whether it is chosen.
    """
    count = len(chosen)
    follows, leads = chosen.copy(), chosen.copy()
    first, last = 0, len(topological)
    while not chosen[topological[first]]:
        first += 1
    while not chosen[topological[last - 1]]:
        last -= 1
    for position in range(first, last):
        node = topological[position]
        if follows[node]:
            for edge in range(neighbours.target_ptr[node], neighbours.target_ptr[node + 1]):
                follows[neighbours.targets[edge]] = True
            if after[node] >= 0:
                follows[after[node]] = True
    for position in range(last - 1, first - 1, -1):
        node = topological[position]
        if leads[node]:
            for edge in range(neighbours.source_ptr[node], neighbours.source_ptr[node + 1]):
                leads[neighbours.sources[edge]] = True
            if before[node] >= 0:
                leads[before[node]] = True
    marked = np.zeros(count, np.bool_)
    for node in range(count):
        marked[node] = follows[node] and leads[node] and not chosen[node]
    return marked
