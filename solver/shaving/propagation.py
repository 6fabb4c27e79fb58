"""Compiled propagation: earlier starts that are impossible are cut off, until nothing changes.

All is written for earliest starts. Latest ends are the earliest starts of the mirror image, in which time
runs backwards: each function is called for both, with ``early`` and ``late`` exchanged.

References
----------
P. Baptiste, C. Le Pape, W. Nuijten, "Constraint-Based Scheduling", Kluwer 2001: edge finding in quadratic
time. P. Vilim, "O(n log n) filtering algorithms for unary resource constraint", CPAIOR 2004: detectable
precedences.
"""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import compiled
from gapweave.solver.shaving.relaxation import Relaxation

_NEVER = 2**60


class Scratch(NamedTuple):
    """Room to work in, of one thread.

    Attributes
    ----------
    queue, is_queued
        Nodes whose successors are to be looked at: a ring, shape (nodes,).
    is_dirty
        Devices with a task that changed, shape (devices,).
    order, mirrored_order
        The tasks of each device, nearly in order of their earliest starts.
    start, after, changed
        Of one device: new earliest starts, what edge finding would make of them, tasks that changed.
    work
        Steps of the innermost loops so far, shape (1,).
    """

    queue: Int64Array
    is_queued: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    is_dirty: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    order: Int64Array
    mirrored_order: Int64Array
    start: Int64Array
    after: Int64Array
    changed: Int64Array
    work: Int64Array

    @classmethod
    def of(cls, relaxation: Relaxation) -> "Scratch":
        """Make room; every device is dirty."""
        nodes, devices = len(relaxation.duration), len(relaxation.device_pointer) - 1
        tasks = relaxation.device_tasks
        return cls(
            np.empty(nodes, dtype=np.int64),
            np.zeros(nodes, dtype=np.bool_),
            np.ones(devices, dtype=np.bool_),
            tasks.copy(),
            tasks.copy(),
            np.empty(nodes, dtype=np.int64),
            np.empty(nodes, dtype=np.int64),
            np.empty(nodes, dtype=np.int64),
            np.zeros(1, dtype=np.int64),
        )

    @property
    def mirror(self) -> "Scratch":
        """The same room for the mirror image."""
        return self._replace(order=self.mirrored_order, mirrored_order=self.order)


@compiled
def propagate(relaxation, early, late, scratch, until):  # type: ignore[no-untyped-def]
    """Propagate on every dirty device until none is, or ``scratch.work`` reaches ``until``.

    Returns False if some task has no time left.
    """
    pointer = relaxation.device_pointer
    is_done = False
    while not is_done:
        is_done = True
        for device in range(len(pointer) - 1):
            if not scratch.is_dirty[device]:
                continue
            if scratch.work[0] >= until:
                return True
            is_done = False
            scratch.is_dirty[device] = False
            begin, end = pointer[device], pointer[device + 1]
            if not _tighten(relaxation, relaxation.arcs, early, late, scratch.order[begin:end], scratch):
                return False
            order = scratch.mirrored_order[begin:end]
            if not _tighten(relaxation, relaxation.mirrored, late, early, order, scratch):
                return False
    return True


@compiled
def _tighten(relaxation, arcs, early, late, order, scratch):  # type: ignore[no-untyped-def]
    """Raise earliest starts of one device's tasks, and of what follows; returns False at a contradiction."""
    count = raise_starts(relaxation.duration, early, late, order, scratch)
    if count < 0:
        return False
    for place in range(count):
        node = scratch.changed[place]
        scratch.queue[place] = node
        scratch.is_queued[node] = True
    return follow(relaxation, arcs, early, late, scratch, count)


@compiled
def follow(relaxation, arcs, early, late, scratch, count):  # type: ignore[no-untyped-def]
    """Raise earliest starts along arcs, from the ``count`` nodes at the head of the queue.

    Devices of nodes that changed become dirty; returns False at a contradiction.
    """
    duration, queue, first, size = relaxation.duration, scratch.queue, 0, len(scratch.queue)
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


@compiled
def raise_starts(duration, early, late, order, scratch):  # type: ignore[no-untyped-def]
    """Raise the earliest starts of one device's tasks by detectable precedences and edge finding.

    ``scratch.changed`` names those that rose; returns how many, or -1 at a contradiction.
    """
    _sort(order, early)
    start, count = scratch.start, 0
    for place in range(len(order)):
        start[place] = early[order[place]]
    _detect_precedences(duration, early, late, order, start)
    if not _find_edges(duration, early, late, order, start, scratch.after):
        return -1
    scratch.work[0] += len(order) * len(order)
    for place in range(len(order)):
        node = order[place]
        if start[place] > early[node]:
            if start[place] + duration[node] + late[node] > 0:
                return -1
            early[node] = start[place]
            scratch.changed[count] = node
            count += 1
    return count


@compiled
def _sort(order, early):  # type: ignore[no-untyped-def]
    """Sort by earliest start; by insertion, as hardly anything is out of order."""
    for place in range(1, len(order)):
        node, hole = order[place], place
        while hole > 0 and early[order[hole - 1]] > early[node]:
            order[hole] = order[hole - 1]
            hole -= 1
        order[hole] = node


@compiled
def _detect_precedences(duration, early, late, order, start):  # type: ignore[no-untyped-def]
    """What cannot begin after a task's earliest end comes before it: it starts once all that is done."""
    for place in range(len(order)):
        node = order[place]
        earliest_end, done = early[node] + duration[node], -_NEVER
        for other in order:
            if other != node and earliest_end > -late[other] - duration[other]:
                done = max(done, early[other]) + duration[other]
        start[place] = max(start[place], done)


@compiled
def _find_edges(duration, early, late, order, start, after):  # type: ignore[no-untyped-def]
    """If a task and a set do not fit before the set's latest end, it comes after the set.

    For each latest end, sets are what ends by it and begins from some time on. Returns False if a set does
    not fit.
    """
    for last in order:
        due, work, done = -late[last], 0, -_NEVER
        for place in range(len(order) - 1, -1, -1):
            node = order[place]
            if -late[node] <= due:
                work += duration[node]
                done = max(done, early[node] + work)
            after[place] = done
        if done > due:
            return False
        full = -_NEVER
        for place in range(len(order)):
            node = order[place]
            if -late[node] <= due:
                full = max(full, early[node] + work)
                work -= duration[node]
                continue
            if early[node] + work + duration[node] > due:
                start[place] = max(start[place], after[place])
            if full + duration[node] > due:
                start[place] = max(start[place], done)
    return True
