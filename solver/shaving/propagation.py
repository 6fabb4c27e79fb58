"""Compiled propagation: earlier starts that are impossible are cut off, until nothing changes.

All is written for earliest starts. Latest ends are the earliest starts of the mirror image, in which time
runs backwards: each function is called for both, with ``early`` and ``late`` exchanged.
"""

from gapweave.solver.compiled import compiled
from gapweave.solver.shaving.memory import raise_claims
from gapweave.solver.shaving.one_machine import raise_starts


@compiled
def propagate(side, mirror, early, late, until):  # type: ignore[no-untyped-def]
    """Propagate on every dirty device until none is, or the work done reaches ``until``.

    Returns False if some task has no time left.
    """
    scratch, is_done = side.scratch, False
    while not is_done:
        is_done = True
        for device in range(len(scratch.is_dirty)):
            if not scratch.is_dirty[device]:
                continue
            if scratch.work[0] >= until:
                return True
            is_done = False
            scratch.is_dirty[device] = False
            if not _tighten(side, early, late, device):
                return False
            if not _tighten(mirror, late, early, device):
                return False
    return True


@compiled
def _tighten(side, early, late, device):  # type: ignore[no-untyped-def]
    """Raise earliest starts of one device's tasks, and of what follows; returns False at a contradiction."""
    count = raise_starts(side, early, late, device)
    if count >= 0:
        count = raise_claims(side, early, late, device, count)
    if count < 0:
        return False
    scratch, queued = side.scratch, 0
    for place in range(count):
        node = scratch.changed[place]
        if not scratch.is_queued[node]:
            scratch.queue[queued] = node
            scratch.is_queued[node] = True
            queued += 1
    return follow(side, early, late, queued)


@compiled
def follow(side, early, late, count):  # type: ignore[no-untyped-def]
    """Raise earliest starts along arcs, from the ``count`` nodes at the head of the queue.

    Devices of nodes that changed become dirty; returns False at a contradiction.
    """
    relaxation, scratch = side.relaxation, side.scratch
    arcs, duration = relaxation.arcs, relaxation.duration
    queue, first, size = scratch.queue, 0, len(scratch.queue)
    is_possible = True
    while count > 0:
        node = queue[first]
        first = first + 1 if first + 1 < size else 0
        count -= 1
        scratch.is_queued[node] = False
        if not is_possible:  # leave no node queued
            continue
        if relaxation.device[node] >= 0:
            scratch.is_dirty[relaxation.device[node]] = True
        for arc in range(arcs.pointer[node], arcs.pointer[node + 1]):
            target, start = arcs.target[arc], early[node] + arcs.delay[arc]
            if start <= early[target]:
                continue
            early[target] = start
            if start + duration[target] + late[target] > 0:
                is_possible = False
            if not scratch.is_queued[target]:
                scratch.is_queued[target] = True
                place = first + count
                queue[place if place < size else place - size] = target
                count += 1
    return is_possible
