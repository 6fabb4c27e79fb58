"""The compiled loop of annealing: orders change on critical cycles, alone or many at once."""

import numpy as np

from gapweave.solver.compiled import allocating, compiled, copy_into
from gapweave.solver.steady.kernel import peak_level
from gapweave.solver.steady.moves import shift_letter, undo, warp
from gapweave.solver.steady.warm import least_from, push

#: Shares of moves: many tasks of a job at once, one letter by some places; the rest swaps two neighbours.
_WARPS, _LETTERS = 0.7, 0.1
_FARTHEST = 16
#: Accepted moves after which the nodes are put in order of time again.
_SORT_EVERY = 100


@allocating
def anneal(edges, table, rings, kept, times, room, period, best, bound, moves, hot, cold, seed):  # type: ignore[no-untyped-def]
    """Move tasks on critical cycles for a while; returns the least periods of ``rings`` and of ``kept``.

    Parameters
    ----------
    table
        See `warp`.
    rings, kept
        The orders that change, and the best ones seen, which are replaced by better ones.
    times
        Whose starts hold for ``rings`` and their period.
    room
        Free memory by device, shape (devices,).
    period, best
        Least periods of ``rings`` and of ``kept``.
    bound
        The period that ends the search; so does a critical cycle that cannot change.
    hot, cold
        Temperatures of the first and of the last move, in ticks.
    """
    room_to_work = (
        np.empty(len(times.starts), np.int64),
        np.empty(8 * len(times.starts), np.int64),
        np.zeros(len(times.starts), np.int64),
    )
    np.random.seed(seed)
    return _run(edges, table, rings, kept, times, room, period, best, bound, moves, hot, cold, *room_to_work)


@compiled
def _run(edges, table, rings, kept, times, room, period, best, bound, moves, hot, cold, arcs, done, moved):  # type: ignore[no-untyped-def]
    """Run from move to move; the last three arrays are room to work in."""
    count, accepted = -1, 0
    for move in range(moves + 1):
        if count < 0:
            period, count = _critical(edges, rings, times, bound, period, arcs)
            if period < best:
                best = period
                copy_into(kept.follower, rings.follower)
                copy_into(kept.leader, rings.leader)
                copy_into(kept.height, rings.height)
        if count == 0 or move == moves:
            break
        heat = hot + (cold - hot) * move / moves
        limit = period - int(np.ceil(heat * np.log(np.random.random() + 1e-12)))
        swaps = _change(edges, table, rings, times, moved, period, arcs[np.random.randint(count)], done)
        now = -1
        if 0 < swaps < len(done) and _fits(edges, rings, room, done, swaps):
            now = _least(edges, rings, times, done, swaps, period, limit)
        if now < 0:
            undo(rings, done, swaps)
            continue
        period, count = now, -1
        accepted += 1
        if accepted % _SORT_EVERY == 0:
            _sort_by_time(times)
    return period, best


@allocating
def _sort_by_time(times):  # type: ignore[no-untyped-def]
    times.sweep[:] = np.argsort(times.starts)


@compiled
def _critical(edges, rings, times, bound, period, arcs):  # type: ignore[no-untyped-def]
    """Return the least period, at most the one that holds, and how many arcs of a critical cycle can change.

    The arcs are tasks that push their follower, of another block. None can if the bound is met.
    """
    if period > bound:
        _, _, length = push(edges, rings, times, period - 1)
        if length == 0:
            times.dirty[:] = 1
            period = least_from(edges, rings, times, bound, period - 1)
            if period > bound:
                _, _, length = push(edges, rings, times, period - 1)
    if period <= bound:
        return period, 0
    count = 0
    for place in range(length):
        node, other = times.cycle[place - 1] if place else times.cycle[length - 1], times.cycle[place]
        if rings.follower[node] == other and edges.block[node] != edges.block[other]:
            arcs[count] = node
            count += 1
    return period, count


@compiled
def _change(edges, table, rings, times, moved, period, node, done):  # type: ignore[no-untyped-def]
    """Make a random move that takes a task and its follower apart; returns the number of swaps."""
    other = rings.follower[node]
    later = np.random.random() < 0.5
    drawn = np.random.random()
    if drawn < _WARPS:
        distance = (edges.duration[node] + edges.duration[other]) // 2
        delta = int(distance * (1 + 0.6 * np.random.random())) + 1
        task = node if later else other
        return warp(edges, rings, times.starts, table, moved, period, task, delta if later else -delta, done)
    steps = 1
    if drawn < _WARPS + _LETTERS:
        steps += int(np.exp(np.random.random() * np.log(_FARTHEST)))
    return shift_letter(edges, rings, node if later else other, steps if later else -steps, done)


@compiled
def _fits(edges, rings, room, done, swaps):  # type: ignore[no-untyped-def]
    """Whether memory suffices on all devices with swaps; those of one device come in a row, mostly."""
    last = -1
    for place in range(swaps):
        device = edges.device[done[place]]
        if device != last and peak_level(edges, rings, done[place]) > room[device]:
            return False
        last = device
    return True


@compiled
def _least(edges, rings, times, done, swaps, period, limit):  # type: ignore[no-untyped-def]
    """Return the least period in [period, limit] after swaps; -1, and the times as before, if none."""
    for place in range(swaps):
        node = done[place]
        times.dirty[node] = 1
        times.dirty[rings.leader[node]] = 1
        times.dirty[rings.follower[node]] = 1
    _, _, length = push(edges, rings, times, limit)
    if length > 0:
        return -1
    if limit > period:
        copy_into(times.starts, times.saved)
        times.dirty[:] = 1
        return least_from(edges, rings, times, period, limit)
    return period
