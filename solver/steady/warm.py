"""The compiled loops that keep the times of changing orders: from times that hold, few tasks need to move.

Any start times can be raised until all edges hold, so those of the orders before a change do, too: only what
the change pushes is looked at. They need not be the earliest ones.
"""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import compiled, copy_into
from gapweave.solver.steady.kernel import parents_cycle


class Times(NamedTuple):
    """Times that are kept over a search, and working memory; shape (nodes,) each but for ``turning``.

    Attributes
    ----------
    starts, saved
        The times, and a copy to go back to.
    sweep
        All nodes, about in the order of their times.
    turning
        The nodes that an edge of the graph leaves into another period.
    cycle
        The nodes of the positive cycle found last, each after the one that it was pushed by.
    """

    starts: Int64Array
    saved: Int64Array
    sweep: Int64Array
    turning: Int64Array
    dirty: Int64Array
    parent: Int64Array
    parent_weight: Int64Array
    parent_height: Int64Array
    colour: Int64Array
    cycle: Int64Array


def times_of(starts: Int64Array, turning: Int64Array) -> Times:
    """Return the working memory of one search that begins with these times."""
    sweep = np.argsort(starts, kind="stable").astype(np.int64)
    rest = (np.zeros(len(starts), dtype=np.int64) for _ in range(6))
    return Times(starts.copy(), starts.copy(), sweep, turning, *rest)


@compiled
def push(edges, rings, times, period):  # type: ignore[no-untyped-def]
    """Raise times until all edges hold; return weight, height and length of a positive cycle, or zeros.

    Broken edges must leave dirty nodes, or nodes that an edge leaves into another period. After a positive
    cycle the times are what they were before.
    """
    copy_into(times.saved, times.starts)
    times.parent[:] = -1
    _mark_turning(rings, times)
    rounds = 0
    while _sweep(edges, rings, times, period):
        rounds += 1
        if rounds == 2 or rounds % 3 == 0:
            weight, height, length = parents_cycle(times)
            if length > 0:
                copy_into(times.starts, times.saved)
                times.dirty[:] = 0
                return weight, height, length
    return 0, 0, 0


@compiled
def _mark_turning(rings, times):  # type: ignore[no-untyped-def]
    for node in times.turning:
        times.dirty[node] = 1
    for node in range(len(rings.height)):
        if rings.height[node] != 0:
            times.dirty[node] = 1


@compiled
def _sweep(edges, rings, times, period):  # type: ignore[no-untyped-def]
    """Push what comes after every dirty node once; return whether dirty nodes may be left."""
    starts, dirty = times.starts, times.dirty
    changed = False
    for node in times.sweep:
        if dirty[node] == 0:
            continue
        dirty[node] = 0
        begin = starts[node]
        first, last = edges.first[node], edges.first[node + 1]
        for edge in range(first, last + 1):
            if edge < last:
                other, weight, height = edges.target[edge], edges.weight[edge], edges.height[edge]
            else:
                other, weight, height = rings.follower[node], edges.duration[node], rings.height[node]
                if other < 0:
                    continue
            time = begin + weight - height * period
            if time > starts[other]:
                starts[other] = time
                dirty[other] = 1
                times.parent[other] = node
                times.parent_weight[other] = weight
                times.parent_height[other] = height
                changed = True
    return changed


@compiled
def least_from(edges, rings, times, at_least, at_most):  # type: ignore[no-untyped-def]
    """Raise T from positive cycle to positive cycle; -1, and the times as before, beyond ``at_most``."""
    period = at_least
    while period <= at_most:
        weight, height, length = push(edges, rings, times, period)
        if length == 0:
            return period
        if height <= 0:
            return -1
        times.dirty[:] = 1
        period = max(period + 1, -(-weight // height))
    return -1
