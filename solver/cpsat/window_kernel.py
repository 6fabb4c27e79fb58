"""Compiled passes over a window: what surrounds its tasks, and whether there is hope at all."""

import numpy as np

from gapweave.solver.compiled import allocating


@allocating
def surroundings(fixed, starts, latest, movable, local, previous, following):  # type: ignore[no-untyped-def]
    """Return the earliest start and latest end that the nodes outside leave each movable node.

    Parameters
    ----------
    fixed
        A `gapweave.solver.order_kernel.Fixed`.
    starts, latest
        Per node: its start, and its latest start.
    movable
        The window's nodes.
    local
        Per node: its place in ``movable``, or -1.
    previous, following
        Per movable node: what its device runs before and after it, or before and after its part; -1: nothing.

    Returns
    -------
    (ndarray, ndarray, ndarray, ndarray)
        Earliest start, latest end, whether a node outside precedes, and whether one follows.
    """
    edges, duration = fixed.neighbours, fixed.duration
    count = len(movable)
    earliest, latest_end = fixed.ready[movable], fixed.due[movable]
    enters, leaves = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for place in range(count):
        node = movable[place]
        first, last = edges.source_ptr[node], edges.source_ptr[node + 1]
        for edge in range(first, last + 1):
            source, lag = previous[place], 0
            if edge < last:
                source, lag = edges.sources[edge], edges.source_lags[edge]
            if source >= 0 and local[source] < 0:
                earliest[place] = max(earliest[place], starts[source] + duration[source] + lag)
                enters[place] = True
        first, last = edges.target_ptr[node], edges.target_ptr[node + 1]
        for edge in range(first, last + 1):
            target, lag = following[place], 0
            if edge < last:
                target, lag = edges.targets[edge], edges.target_lags[edge]
            if target >= 0 and local[target] < 0:
                latest_end[place] = min(latest_end[place], latest[target] - lag)
                leaves[place] = True
        if first == last and following[place] < 0:
            leaves[place] = True
    return earliest, latest_end, enters, leaves


@allocating
def precedences(fixed, movable, local, part, previous, following, kept):  # type: ignore[no-untyped-def]
    """Return the precedences among the movable nodes, as (earlier place, later place, lag).

    They are the edges of the task graph, the order of microbatches, and orders of devices that are kept.

    Parameters
    ----------
    part
        Per movable node: the number of its part, or -1 outside; those of one part are neighbours, in order.
    kept
        Per movable node: whether it keeps its order among all such nodes of its part.
    """
    edges = fixed.neighbours
    found = []
    last_of_block = np.full(fixed.block.max() + 1, -1, np.int64)
    last_kept = -1
    for place in range(len(movable)):
        node = movable[place]
        for edge in range(edges.source_ptr[node], edges.source_ptr[node + 1]):
            source = local[edges.sources[edge]]
            if source >= 0:
                found.append((source, place, edges.source_lags[edge]))
        before = local[previous[place]] if previous[place] >= 0 else -1
        if part[place] < 0:
            if before >= 0 and part[before] < 0:
                found.append((before, place, 0))
            continue
        if place and part[place] != part[place - 1]:
            last_kept = -1
        block = fixed.block[node]
        if last_of_block[block] >= 0:
            found.append((last_of_block[block], place, 0))
        elif before >= 0:
            found.append((before, place, 0))
        last_of_block[block] = place
        if kept[place]:
            if last_kept >= 0:
                found.append((last_kept, place, 0))
            last_kept = place
    for place in last_of_block:
        if place >= 0 and following[place] >= 0 and local[following[place]] >= 0:
            found.append((place, local[following[place]], 0))
    table = np.empty((len(found), 3), np.int64)
    for row in range(len(found)):
        table[row, 0], table[row, 1], table[row, 2] = found[row]
    return table


@allocating
def tighten(table, rank, duration, earliest, latest):  # type: ignore[no-untyped-def]
    """Tighten earliest and latest starts by the precedences; returns whether every node can still start.

    Parameters
    ----------
    table
        Precedences as `precedences` returns them.
    rank
        Per movable node: its place in an order that respects the precedences.
    """
    for row in np.argsort(rank[table[:, 0]]):
        source, target, lag = table[row, 0], table[row, 1], table[row, 2]
        earliest[target] = max(earliest[target], earliest[source] + duration[source] + lag)
    for row in np.argsort(-rank[table[:, 1]]):
        source, target, lag = table[row, 0], table[row, 1], table[row, 2]
        latest[source] = min(latest[source], latest[target] - lag - duration[source])
    return (earliest <= latest).all()


@allocating
def device_can_keep_up(duration, earliest, latest):  # type: ignore[no-untyped-def]
    """Whether one device could run these tasks within their ranges if it might interrupt them.

    Jackson's preemptive rule: always run the available task that must end first.
    """
    remaining, now = duration.copy(), 0
    deadline = latest + duration
    for _ in range(2 * len(duration)):
        chosen, next_release = -1, 2**62
        for task in range(len(duration)):
            if remaining[task] == 0:
                continue
            if earliest[task] > now:
                next_release = min(next_release, earliest[task])
            elif chosen < 0 or deadline[task] < deadline[chosen]:
                chosen = task
        if chosen < 0:
            if next_release == 2**62:
                return True
            now = next_release
            continue
        until = min(now + remaining[chosen], next_release)
        remaining[chosen] -= until - now
        now = until
        if remaining[chosen] == 0 and now > deadline[chosen]:
            return False
    return True
