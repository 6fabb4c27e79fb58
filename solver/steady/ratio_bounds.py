"""How many steps of the secondary jobs fit beside a step of the primary, at most.

The time of the primary's step is given, exactly (``fill``) or as a limit. Whatever the secondary jobs take of
a device or its memory, they take of what the primary leaves of it, again and again; and the steps of one job
follow each other. Each argument bounds the number x for which x times the asked-for steps could fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from gapweave.models.bounds.gap_sums import largest_sum
from gapweave.models.bounds.memory_time import held_by_microbatch
from gapweave.models.instance import Instance, Job
from gapweave.models.memory import level_profiles
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.primary_step import PrimaryStep


@dataclass(frozen=True)
class RatioBound:
    """At most ``value`` times the asked-for steps fit beside one step of the primary, and why."""

    value: Fraction
    argument: str


@dataclass(frozen=True, eq=False)
class BesidePrimary:
    """What the primary leaves to the others in ``pace`` ticks, in which it does one step.

    Attributes
    ----------
    pinned
        Its step, if it is pinned; None if it may run at any time.
    """

    instance: Instance
    pace: int
    pinned: PrimaryStep | None

    def bound(self, steps: Sequence[Fraction]) -> RatioBound:
        """Return the least of all bounds on multiples of ``steps``, one count per secondary job."""
        return min(self._bounds(steps), key=lambda bound: bound.value)

    def _bounds(self, steps: Sequence[Fraction]) -> Iterator[RatioBound]:
        names = [device.name for device in self.instance.devices]
        for device, name in enumerate(names):
            load = sum(count * own[device] for count, own in zip(steps, self._loads[1:], strict=True))
            if load:
                yield RatioBound(Fraction(self._usable[device]) / load, f"idle time of device {name!r}")
        for count, job, span in zip(steps, self.instance.jobs[1:], self._spans[1:], strict=True):
            yield RatioBound(Fraction(self.pace) / (count * span), f"length of a step of job {job.name!r}")
        for device, room in self._memory_time.items():
            held = sum(count * own[device] for count, own in zip(steps, self._held[1:], strict=True))
            if held:
                yield RatioBound(Fraction(max(0, room)) / held, f"memory of device {names[device]!r}")

    @cached_property
    def _loads(self) -> list[list[int]]:
        """Ticks of work of one step, by job and device."""
        return [job.loads(len(self.instance.devices)) for job in self.instance.jobs]

    @cached_property
    def _spans(self) -> list[int]:
        """Least period of each job alone."""
        count = len(self.instance.jobs)
        return [period_bound(self.instance.with_jobs(job), (1,)).value if job else 1 for job in range(count)]

    @cached_property
    def _usable(self) -> list[int]:
        """Ticks that whole tasks of the others can use on each device."""
        if self.pinned is None:
            return [max(0, self.pace - load) for load in self._loads[0]]
        busy: list[list[tuple[int, int]]] = [[] for _ in self.instance.devices]
        for row in self.pinned.rows:
            busy[row.device].append((row.start % self.pace, row.end - row.start))
        return [self._usable_between(device, sorted(own)) for device, own in enumerate(busy)]

    def _usable_between(self, device: int, busy: list[tuple[int, int]]) -> int:
        if not busy:
            return self.pace
        durations = tuple(
            sorted({duration for job in self.instance.jobs[1:] for duration in _on(job, device)})
        )
        nexts = [start for start, _ in busy[1:]] + [busy[0][0] + self.pace]
        gaps = [then - start - length for (start, length), then in zip(busy, nexts, strict=True)]
        return sum(
            largest_sum(gap, durations, tuple(gap // duration for duration in durations)) for gap in gaps
        )

    @cached_property
    def _memory_time(self) -> dict[int, int]:
        """Memory times ticks that the primary leaves free, of each device with a capacity."""
        room = {
            number: device.memory_capacity * self.pace
            for number, device in enumerate(self.instance.devices)
            if device.memory_capacity is not None
        }
        if self.pinned is None:
            resident = self.instance.resident_memory
            return {
                device: free - resident[device] * self.pace - self._held[0][device]
                for device, free in room.items()
            }
        profiles = level_profiles(self.instance, self.pinned.rows, self.pace)
        for device in room:
            times, levels = np.array(profiles[device], dtype=object).T
            lengths = np.append(times[1:], self.pace) - times
            room[device] -= int((lengths * levels).sum())
        return room

    @cached_property
    def _held(self) -> list[list[int]]:
        """Memory times ticks that one step of each job takes at least of each device."""
        return [
            [
                job.microbatch_count * held_by_microbatch(job, device)
                for device in range(len(self.instance.devices))
            ]
            for job in self.instance.jobs
        ]


def _on(job: Job, device: int) -> Iterator[int]:
    """Yield the durations of a job's tasks on a device."""
    for stage in job.stages:
        if stage.device == device:
            own = (stage.forward, stage.backward, stage.weight, stage.optimizer)
            yield from (duration for duration in own if duration)
