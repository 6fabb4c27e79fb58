"""Compiled passes over the task graph with device orders: heads, tails, and what lies between two sets."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.compiled import allocating, compiled
from gapweave.solver.slices import pointers_by

#: Later than any time that adds to another without overflow.
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
            pointers_by(arrays.edge_target, arrays.node_count),
            arrays.edge_source[by_target],
            arrays.edge_lag[by_target],
            pointers_by(arrays.edge_source, arrays.node_count),
            arrays.edge_target[by_source],
            arrays.edge_lag[by_source],
        )


class Fixed(NamedTuple):
    """What no order changes.

    Attributes
    ----------
    duration, ready, due, pinned, device, block
        Per node: ticks, release, latest end, given start or -1, device or -1, number of its block.
    busy_ptr, busy_start, busy_end
        Pinned tasks in order of time, by device.
    """

    neighbours: Neighbours
    duration: Int64Array
    ready: Int64Array
    due: Int64Array
    pinned: Int64Array
    device: Int64Array
    block: Int64Array
    busy_ptr: Int64Array
    busy_start: Int64Array
    busy_end: Int64Array


@allocating
def earliest(fixed, ready, before, after):  # type: ignore[no-untyped-def]
    """Start every node as early as edges, its device's order and pinned tasks allow.

    Parameters
    ----------
    ready
        Per node: earliest start.
    before, after
        Per node: the free task that its device runs before and after it, or -1.

    Returns
    -------
    (ndarray, ndarray)
        Starts of all nodes, and the nodes in a topological order; some are missing from it if the orders
        deadlock.
    """
    edges, duration = fixed.neighbours, fixed.duration
    count, filled = len(duration), 0
    waiting = np.empty(count, np.int64)
    topological = np.empty(count, np.int64)
    start = ready.copy()
    for node in range(count):
        waiting[node] = edges.source_ptr[node + 1] - edges.source_ptr[node] + (before[node] >= 0)
        if waiting[node] == 0:
            topological[filled] = node
            filled += 1
    done = 0
    while done < filled:
        node = topological[done]
        done += 1
        if fixed.pinned[node] >= 0:
            start[node] = fixed.pinned[node]
        else:
            start[node] = first_fit(fixed, node, start[node])
        end = start[node] + duration[node]
        for edge in range(edges.target_ptr[node], edges.target_ptr[node + 1] + 1):
            target, lag = after[node], 0
            if edge < edges.target_ptr[node + 1]:
                target, lag = edges.targets[edge], edges.target_lags[edge]
            if target >= 0:
                start[target] = max(start[target], end + lag)
                waiting[target] -= 1
                if waiting[target] == 0:
                    topological[filled] = target
                    filled += 1
    return start, topological[:filled]


@allocating
def latest(fixed, makespan, after, topological):  # type: ignore[no-untyped-def]
    """Start every node as late as a makespan, due dates, devices' orders and pinned tasks allow.

    Parameters
    ----------
    topological
        All nodes in an order that respects edges and devices.

    Returns
    -------
    ndarray
        Starts, shape (nodes,), in ticks; negative if there is no time left.
    """
    edges, duration = fixed.neighbours, fixed.duration
    start = np.minimum(fixed.due, makespan) - duration
    for position in range(len(topological) - 1, -1, -1):
        node = topological[position]
        if fixed.pinned[node] >= 0:
            start[node] = fixed.pinned[node]
            continue
        for edge in range(edges.target_ptr[node], edges.target_ptr[node + 1] + 1):
            target, lag = after[node], 0
            if edge < edges.target_ptr[node + 1]:
                target, lag = edges.targets[edge], edges.target_lags[edge]
            if target >= 0:
                start[node] = min(start[node], start[target] - lag - duration[node])
        start[node] = last_fit(fixed, node, start[node])
    return start


@compiled
def first_fit(fixed, node, time):  # type: ignore[no-untyped-def]
    """Return the first time from ``time`` on at which a node fits between its device's pinned tasks."""
    device = fixed.device[node]
    if device < 0:
        return time
    begin, end = fixed.busy_ptr[device], fixed.busy_ptr[device + 1]
    number = begin + np.searchsorted(fixed.busy_end[begin:end], time, side="right")
    while number < end and fixed.busy_start[number] < time + fixed.duration[node]:
        time = max(time, fixed.busy_end[number])
        number += 1
    return time


@compiled
def last_fit(fixed, node, time):  # type: ignore[no-untyped-def]
    """Return the last time up to ``time`` at which a node fits between its device's pinned tasks."""
    device = fixed.device[node]
    if device < 0:
        return time
    begin, end = fixed.busy_ptr[device], fixed.busy_ptr[device + 1]
    latest_end = time + fixed.duration[node]
    number = begin + np.searchsorted(fixed.busy_start[begin:end], latest_end, side="left") - 1
    while number >= begin and fixed.busy_end[number] > time:
        time = min(time, fixed.busy_start[number] - fixed.duration[node])
        number -= 1
    return time


@allocating
def between(fixed, before, after, topological, chosen):  # type: ignore[no-untyped-def]
    """Mark the nodes on a path from one chosen node to another, the chosen ones aside.

    Parameters
    ----------
    chosen
        Per node: whether it is chosen.
    """
    neighbours, count = fixed.neighbours, len(chosen)
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
