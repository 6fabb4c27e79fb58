"""Compiled shaving: an end of a task's time is tried alone; if that is impossible, it is cut off."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import compiled, copy_into
from gapweave.solver.shaving.propagation import follow, propagate
from gapweave.solver.shaving.relaxation import Domains

#: The first part tried of the time that a task has, what it shrinks by if that is possible, and the last.
_FIRST_PART, _SHRINK, _LAST_PART = 4, 4, 64

REFUTED, OPEN, CONSISTENT = range(3)


class Trial(NamedTuple):
    """Room for what follows from an assumption, and where shaving goes on.

    Attributes
    ----------
    early, late
        The domains under the assumption; shape (nodes,).
    at
        The task's place in ``device_tasks``, how many in a row have not been cut, and how many were tried;
        shape (3,).
    """

    early: Int64Array
    late: Int64Array
    at: Int64Array

    @classmethod
    def of(cls, domains: Domains) -> "Trial":
        """Begin with the first task."""
        return cls(np.empty_like(domains.early), np.empty_like(domains.late), np.zeros(3, dtype=np.int64))


@compiled
def shave(side, mirror, domains, trial, until):  # type: ignore[no-untyped-def]
    """Shave one task after the other, until the work done reaches ``until``.

    What is under way then counts as possible; the next call goes on with the next task. Returns ``REFUTED``
    if some task has no time left, ``CONSISTENT`` if no task can be shaved, or ``OPEN``.
    """
    early, late = domains.early, domains.late
    if not propagate(side, mirror, early, late, until):
        return REFUTED
    tasks, work, at = side.relaxation.device_tasks, side.scratch.work, trial.at
    while at[1] < len(tasks):
        if work[0] >= until:
            return OPEN
        node = tasks[at[0]]
        starts = _shave_start(side, mirror, early, late, trial, node, until)
        if starts < 0:
            return REFUTED
        ends = _shave_start(mirror, side, late, early, trial, node, until)
        if ends < 0:
            return REFUTED
        at[2] += 1
        at[1] = 0 if starts + ends > 0 else at[1] + 1
        at[0] = at[0] + 1 if at[0] + 1 < len(tasks) else 0
    return CONSISTENT


@compiled
def _shave_start(side, mirror, early, late, trial, node, until):  # type: ignore[no-untyped-def]
    """Cut off early starts of a task; returns how often it did, or -1 if nothing is possible."""
    duration, cuts = side.relaxation.duration[node], 0
    width = -late[node] - duration - early[node]
    part = (width + _FIRST_PART - 1) // _FIRST_PART
    while part > 0 and part * _LAST_PART >= width and side.scratch.work[0] < until:
        copy_into(trial.early, early)
        copy_into(trial.late, late)
        trial.late[node] = -(early[node] + part - 1 + duration)
        _queue(side.scratch, node)
        is_possible = follow(mirror, trial.late, trial.early, 1)
        if is_possible and propagate(side, mirror, trial.early, trial.late, until):
            part //= _SHRINK
            continue
        cuts += 1
        early[node] += part
        _queue(side.scratch, node)
        is_possible = follow(side, early, late, 1)
        if not (is_possible and propagate(side, mirror, early, late, until)):
            return -1
        width = -late[node] - duration - early[node]
        part = min(2 * part, width)
    return cuts


@compiled
def _queue(scratch, node):  # type: ignore[no-untyped-def]
    """Have only one node looked at."""
    for device in range(len(scratch.is_dirty)):
        scratch.is_dirty[device] = False
    scratch.queue[0] = node
    scratch.is_queued[node] = True
