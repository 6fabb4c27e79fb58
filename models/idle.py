"""Idle intervals: where each device waits, known before anything runs."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

Phase: TypeAlias = Literal["warm-up", "steady", "drain", "unused"]


@dataclass(frozen=True, slots=True)
class IdleInterval:
    """A maximal time span [start, end), in ticks, in which a device runs no task of the jobs considered.

    Attributes
    ----------
    phase
        ``warm-up``: ends no later than the device's first B starts. ``drain``: otherwise, and starts no
        earlier than the device's last F ends. ``steady``: neither. ``unused``: the device has no task.
    """

    device: int
    start: int
    end: int
    phase: Phase

    @property
    def length(self) -> int:
        """Duration in ticks."""
        return self.end - self.start


def idle_intervals(schedule: Schedule, jobs: Collection[int] | None = None) -> list[IdleInterval]:
    """List the idle intervals of every device, by device and time.

    Parameters
    ----------
    schedule
        Any schedule; for a primary job alone, it tells where a second job could run.
    jobs
        Indices of the jobs considered (default: all). The others' tasks count as idle time.

    Returns
    -------
    list of IdleInterval
        Inside [0, makespan of the jobs considered). In steady state: inside one period [0, T), all of them
        ``steady`` except on unused devices; a span across the end of the period is listed as two.

    Raises
    ------
    InvalidOption
        A job does not exist.
    """
    considered = _considered(schedule, jobs)
    by_device = [[row for row in rows if row.job in considered] for rows in schedule.tasks_by_device]
    if schedule.period is not None:
        return _periodic(by_device, schedule.period)
    makespan = max((row.end for rows in by_device for row in rows), default=0)
    return [gap for device, rows in enumerate(by_device) for gap in _of_device(device, rows, makespan)]


def _considered(schedule: Schedule, jobs: Collection[int] | None) -> Collection[int]:
    count = len(schedule.instance.jobs)
    for job in jobs or ():
        if not 0 <= job < count:
            raise InvalidOption(f"expected the index of one of {count} jobs, got {job}")
    return range(count) if jobs is None else set(jobs)


def _of_device(device: int, rows: Sequence[ScheduledTask], makespan: int) -> Iterator[IdleInterval]:
    first_backward = min((row.start for row in rows if row.kind == "B"), default=makespan)
    last_forward = max((row.end for row in rows if row.kind == "F"), default=0)
    for start, end in _gaps([(row.start, row.end) for row in rows], makespan):
        phase: Phase = "steady"
        if not rows:
            phase = "unused"
        elif end <= first_backward:
            phase = "warm-up"
        elif start >= last_forward:
            phase = "drain"
        yield IdleInterval(device, start, end, phase)


def _periodic(by_device: list[list[ScheduledTask]], period: int) -> list[IdleInterval]:
    return [
        IdleInterval(device, start, end, "steady" if rows else "unused")
        for device, rows in enumerate(by_device)
        for start, end in _gaps([piece for row in rows for piece in _wrapped(row, period)], period)
    ]


def _wrapped(row: ScheduledTask, period: int) -> list[tuple[int, int]]:
    """Return the parts of one period [0, T) that the task takes; one may reach beyond T."""
    phase = row.start % period
    end = phase + row.end - row.start
    return [(phase, end), (0, end - period)]


def _gaps(busy: list[tuple[int, int]], horizon: int) -> Iterator[tuple[int, int]]:
    """Yield the maximal spans of [0, horizon) that no busy interval touches."""
    free = 0
    for start, end in sorted(interval for interval in busy if interval[0] < interval[1]):
        if start > free:
            yield free, start
        free = max(free, end)
    if free < horizon:
        yield free, horizon
