"""When a device is free for the tasks of other jobs: the idle intervals that pinned tasks leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gapweave.models.task_arrays import Int64Array

#: Later than anything that happens.
FOREVER = 2**60


@dataclass(frozen=True, eq=False)
class Calendar:
    """Idle intervals [begin, end) of a device, in order of time, and how much of each can be used.

    Attributes
    ----------
    begins, ends
        Shape (intervals,), in ticks.
    usable
        No set of tasks that run inside an interval works longer than this, shape (intervals,), in ticks.
    """

    begins: Int64Array
    ends: Int64Array
    usable: Int64Array

    @classmethod
    def open(cls) -> "Calendar":
        """Return the calendar of a device that is always free."""
        return cls.of([(-FOREVER, FOREVER)])

    @classmethod
    def of(cls, intervals: Sequence[tuple[int, int]]) -> "Calendar":
        """Return the calendar of these idle intervals, usable in full."""
        begins, ends = np.array(intervals, dtype=np.int64).reshape(-1, 2).T
        return cls(begins, ends, ends - begins)

    @classmethod
    def around(cls, busy: Sequence[tuple[int, int]]) -> "Calendar":
        """Return the calendar from 0 on of a device that is busy in these sorted intervals."""
        idle, now = [], 0
        for start, end in busy:
            if start > now:
                idle.append((now, start))
            now = max(now, end)
        return cls.of([*idle, (now, FOREVER)])

    @property
    def is_open(self) -> bool:
        """Whether there is nothing but one interval without end."""
        return len(self.begins) == 1 and int(self.begins[0]) == -FOREVER

    @cached_property
    def used_before(self) -> Int64Array:
        """What can be used before each interval begins, shape (intervals,)."""
        return np.cumsum(self.usable) - self.usable

    def until(self, makespan: int) -> "Calendar":
        """Return the calendar up to the makespan, at which or before which the last interval begins."""
        kept = self.begins <= makespan
        begins, ends = self.begins[kept], np.minimum(self.ends[kept], makespan)
        return Calendar(begins, ends, np.minimum(self.usable[kept], ends - begins))

    def mirrored(self, makespan: int) -> "Calendar":
        """Return the calendar seen from the makespan backwards: time t becomes makespan - t."""
        return Calendar(makespan - self.ends[::-1], makespan - self.begins[::-1], self.usable[::-1])

    def run_in_order(self, ready: Int64Array, duration: int) -> Int64Array:
        """Return the earliest starts of equal tasks that run one after the other, none before it is ready."""
        if self.is_open or not len(ready):
            offsets = np.arange(len(ready), dtype=np.int64) * duration
            starts: Int64Array = np.maximum.accumulate(ready - offsets) + offsets
            return starts
        return np.array(self._placed(ready.tolist(), duration), dtype=np.int64)

    def idle_until(self, time: Int64Array) -> Int64Array:
        """Return how much can be used before each time, if what is left of its interval is used first."""
        if self.is_open:
            return time
        at = np.searchsorted(self.ends, time, side="right")
        at = np.minimum(at, len(self.ends) - 1)
        left = self.ends[at] - np.maximum(time, self.begins[at])
        used: Int64Array = self.used_before[at] + self.usable[at] - np.clip(left, 0, self.usable[at])
        return used

    def earliest_with(self, idle: Int64Array) -> Int64Array:
        """Return the earliest times by which this much may have been used."""
        if self.is_open:
            return idle
        at = np.searchsorted(self.used_before + self.usable, idle, side="left")
        at = np.minimum(at, len(self.ends) - 1)
        times: Int64Array = self.begins[at] + np.maximum(idle - self.used_before[at], 0)
        return times

    def room_between(self, start: int, stop: int) -> int:
        """Return the most work that tasks between two times can do."""
        if self.is_open:
            return max(0, stop - start)
        inside = np.minimum(self.ends, stop) - np.maximum(self.begins, start)
        return int(np.clip(inside, 0, self.usable).sum())

    def _placed(self, ready: list[int], duration: int) -> list[int]:
        begins, ends, starts = self.begins.tolist(), self.ends.tolist(), []
        now, at, last = -FOREVER, 0, len(self.ends) - 1
        for time in ready:
            now = max(now, time, begins[at])
            while at < last and ends[at] < now + duration:
                at += 1
                now = max(now, begins[at])
            starts.append(now)
            now += duration
        return starts
