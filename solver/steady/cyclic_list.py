"""The compiled loop that lists tasks into idle intervals which repeat every T ticks."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import allocating, compiled

_NEVER = 2**60


class IdleTime(NamedTuple):
    """Idle intervals of each device modulo T, none across the end, and the memory that is taken.

    Attributes
    ----------
    begin, end
        In ticks after ``offset``, shape (devices, slots).
    number
        How many intervals each device has, shape (devices,).
    offset
        Where each device's turn begins, shape (devices,).
    level_time, level
        From when on which level is taken, in the same ticks, shape (devices, changes); times begin with 0.
    level_count, room
        Changes of each device, and its capacity, shape (devices,).
    """

    begin: Int64Array
    end: Int64Array
    number: Int64Array
    offset: Int64Array
    level_time: Int64Array
    level: Int64Array
    level_count: Int64Array
    room: Int64Array


class FreeTasks(NamedTuple):
    """The tasks to list, with precedence edges of height 0 among them; shapes (nodes,) but for the edges.

    Attributes
    ----------
    first, target, lag
        Edges by their source: ``start[target] >= start[source] + lag``.
    waiting
        How many edges lead to each node; -1 if it is not to be listed.
    duration, device, delta
        Device -1: a milestone.
    bias
        Added to a task's earliest start where tasks compete.
    hold
        Ticks for which a claim must find room.
    release
        Earliest start.
    """

    first: Int64Array
    target: Int64Array
    lag: Int64Array
    waiting: Int64Array
    duration: Int64Array
    device: Int64Array
    delta: Int64Array
    bias: Int64Array
    hold: Int64Array
    release: Int64Array


@allocating
def list_tasks(tasks, idle, period, starts):  # type: ignore[no-untyped-def]
    """Start tasks one by one, the one that can start first next; returns whether all of them fit.

    ``idle`` is used up, ``tasks.waiting`` and ``tasks.release`` are changed, ``starts`` is filled in.
    """
    count = len(tasks.duration)
    candidates = np.empty(count, np.int64)
    earliest = np.full(count, -1, np.int64)
    size, left = 0, 0
    for node in range(count):
        if tasks.waiting[node] >= 0:
            left += 1
        if tasks.waiting[node] == 0:
            candidates[size] = node
            size += 1
    held = np.zeros(len(idle.number), np.int64)
    while size > 0:
        best, best_key = -1, _NEVER
        for place in range(size):
            node = candidates[place]
            if earliest[node] < 0:
                earliest[node] = _earliest(tasks, idle, held, period, node)
            key = earliest[node] + tasks.bias[node]
            if earliest[node] < _NEVER and key < best_key:
                best, best_key = place, key
        if best < 0:
            return False
        node = candidates[best]
        size -= 1
        candidates[best] = candidates[size]
        start = earliest[node]
        starts[node] = start
        left -= 1
        device = tasks.device[node]
        if device >= 0:
            _take(idle, device, (start - idle.offset[device]) % period, tasks.duration[node])
            held[device] += tasks.delta[node]
            for place in range(size):
                if tasks.device[candidates[place]] == device:
                    earliest[candidates[place]] = -1
        for edge in range(tasks.first[node], tasks.first[node + 1]):
            other = tasks.target[edge]
            tasks.release[other] = max(tasks.release[other], start + tasks.lag[edge])
            tasks.waiting[other] -= 1
            if tasks.waiting[other] == 0:
                candidates[size] = other
                size += 1
    return left == 0


@compiled
def _earliest(tasks, idle, held, period, node):  # type: ignore[no-untyped-def]
    """Return the earliest start that fits into an idle interval and into memory; never: ``_NEVER``."""
    device, start = tasks.device[node], tasks.release[node]
    if device < 0:
        return start
    last = start + period
    need = held[device] + tasks.delta[node]
    while start < last:
        start = _fitting(idle, device, start, tasks.duration[node], period)
        if start >= _NEVER or tasks.delta[node] <= 0:
            return start
        wait = _until_room(idle, device, start, tasks.hold[node], idle.room[device] - need, period)
        if wait == 0:
            return start
        start += wait
    return _NEVER


@compiled
def _fitting(idle, device, ready, duration, period):  # type: ignore[no-untyped-def]
    """Return the first time from ``ready`` on at which the device is idle for long enough."""
    phase = (ready - idle.offset[device]) % period
    turn = ready - phase
    number = idle.number[device]
    low, high = 0, number
    while low < high:
        middle = (low + high) // 2
        if idle.end[device, middle] > phase:
            high = middle
        else:
            low = middle + 1
    for step in range(number + 1):
        place = low + step
        shift = 0
        if place >= number:
            place -= number
            shift = period
        begin = idle.begin[device, place] + shift
        if place == low and step == 0:
            begin = max(begin, phase)
        if place < number and idle.end[device, place] + shift - begin >= duration:
            return turn + begin
    return _NEVER


@compiled
def _until_room(idle, device, start, hold, free, period):  # type: ignore[no-untyped-def]
    """Return 0 if the level stays within ``free`` from the start on for ``hold``, else how long to wait."""
    number = idle.level_count[device]
    phase = (start - idle.offset[device]) % period
    place = np.searchsorted(idle.level_time[device, :number], phase, "right") - 1
    passed = 0
    shift = 0
    wait = 0
    while True:
        following = place + 1
        if following == number:
            following = 0
            shift += period
        passed = idle.level_time[device, following] + shift - phase
        if idle.level[device, place] > free:
            wait = passed
        if passed >= hold or passed >= period:
            return wait
        place = following


@compiled
def _take(idle, device, phase, duration):  # type: ignore[no-untyped-def]
    """Cut a task out of the idle interval that holds it."""
    number = idle.number[device]
    for place in range(number):
        begin, end = idle.begin[device, place], idle.end[device, place]
        if begin <= phase and phase + duration <= end:
            if phase + duration < end:
                if begin < phase:
                    for later in range(number, place + 1, -1):
                        idle.begin[device, later] = idle.begin[device, later - 1]
                        idle.end[device, later] = idle.end[device, later - 1]
                    idle.begin[device, place + 1] = phase + duration
                    idle.end[device, place + 1] = end
                    idle.end[device, place] = phase
                    idle.number[device] = number + 1
                else:
                    idle.begin[device, place] = phase + duration
            elif begin < phase:
                idle.end[device, place] = phase
            else:
                for later in range(place, number - 1):
                    idle.begin[device, later] = idle.begin[device, later + 1]
                    idle.end[device, later] = idle.end[device, later + 1]
                idle.number[device] = number - 1
            return
