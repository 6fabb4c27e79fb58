"""The compiled moves of annealing: swaps in rings, and what is made of them.

Microbatches of a block stay in order, so a ring is a cyclic word of blocks. `shift_letter` moves one letter
of the word; `warp` runs tasks of one job on several stages earlier or later, as if their times changed.
"""

import numpy as np

from gapweave.solver.compiled import compiled
from gapweave.solver.steady.kernel import swap


@compiled
def shift_letter(edges, rings, node, steps, done):  # type: ignore[no-untyped-def]
    """Move a task's letter some places later (or earlier, if negative); returns the number of swaps.

    ``done`` keeps which task of each swap runs first now: `undo` needs them.
    """
    count = 0
    for _ in range(abs(steps)):
        other = rings.follower[node] if steps > 0 else rings.leader[node]
        if edges.block[other] == edges.block[node]:
            node = other
            continue
        swap(rings, node if steps > 0 else other)
        done[count] = other if steps > 0 else node
        count += 1
    return count


@compiled
def undo(rings, done, count):  # type: ignore[no-untyped-def]
    """Take swaps back, the last one first."""
    for place in range(count - 1, -1, -1):
        swap(rings, done[place])


@compiled
def warp(edges, rings, starts, table, moved, period, node, delta, done):  # type: ignore[no-untyped-def]
    """Run a random stretch of stages and microbatches around a task ``delta`` ticks later, or earlier.

    Parameters
    ----------
    table
        Of each block: step of a job as a number, kind, stage, first node, size, and the last stage and the
        most microbatches of its job; shape (blocks, 7).
    moved
        Zeros, shape (nodes,), and zeros again after.

    Returns
    -------
    int
        The number of swaps, in ``done`` as `shift_letter` says; as many as ``done`` holds if it is full.
    """
    own = edges.block[node]
    only_kind = np.random.random() < 0.7
    first_stage, last_stage = _stretch(table[own, 2], table[own, 5])
    first, last = _stretch(node - table[own, 3], table[own, 6] - 1)
    for block in range(len(table)):
        if _is_chosen(table, block, own, only_kind, first_stage, last_stage):
            for place in range(first, min(last + 1, table[block, 4])):
                moved[table[block, 3] + place] = delta
    count = 0
    for block in range(len(table)):
        if _is_chosen(table, block, own, only_kind, first_stage, last_stage):
            end = min(last + 1, table[block, 4])
            for place in range(end - first):
                task = table[block, 3] + (end - 1 - place if delta > 0 else first + place)
                count = _bubble(edges, rings, starts, moved, period, task, done, count)
    for block in range(len(table)):
        if _is_chosen(table, block, own, only_kind, first_stage, last_stage):
            for place in range(first, min(last + 1, table[block, 4])):
                moved[table[block, 3] + place] = 0
    return count


@compiled
def _is_chosen(table, block, own, only_kind, first_stage, last_stage):  # type: ignore[no-untyped-def]
    return (
        table[block, 0] == table[own, 0]
        and first_stage <= table[block, 2] <= last_stage
        and (table[block, 1] == table[own, 1] or not only_kind)
    )


@compiled
def _stretch(place, last):  # type: ignore[no-untyped-def]
    """Draw a stretch of 0 .. last around a place: all, up to it, from it, or a window, mostly a short one."""
    drawn = np.random.random()
    if drawn < 0.15:
        return 0, last
    if drawn < 0.35:
        return 0, place
    if drawn < 0.5:
        return place, last
    length = int(np.exp(np.random.random() * np.log(last + 1.0)))
    first = max(0, place - np.random.randint(length + 1))
    return first, min(last, first + length)


@compiled
def _bubble(edges, rings, starts, moved, period, node, done, count):  # type: ignore[no-untyped-def]
    """Let a moved task pass all those whose middle is on the other side of its own now."""
    while count < len(done):
        before = node if moved[node] > 0 else rings.leader[node]
        after = rings.follower[before]
        if edges.block[before] == edges.block[after]:
            break
        gap = 2 * (
            starts[after] + moved[after] + rings.height[before] * period - starts[before] - moved[before]
        )
        if gap + edges.duration[after] - edges.duration[before] >= 0:
            break
        swap(rings, before)
        done[count] = after
        count += 1
    return count
