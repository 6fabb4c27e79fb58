"""How long a tick of the plan is."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from gapweave.executor.measured.recording import Event
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task

NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


class TickLength(NamedTuple):
    """How many nanoseconds a tick stands for, and whether that is only estimated."""

    nanoseconds: float
    is_estimated: bool

    def of(self, ticks: int) -> int:
        """Return a planned time in nanoseconds."""
        return round(ticks * self.nanoseconds)


def tick_length(schedule: Schedule, events: Iterable[Event], *, estimate: bool = False) -> TickLength:
    """Return the length of a tick: by the time unit, or, of a unit ``tick``, estimated.

    Parameters
    ----------
    estimate
        Estimate it whatever the unit, because the plan was made for other stages than those that ran.

    Notes
    -----
    The estimate makes the planned and the measured busy time of all tasks equal; of a task that ran several
    times the median counts.
    """
    if schedule.instance.time_unit in NANOSECONDS and not estimate:
        return TickLength(NANOSECONDS[schedule.instance.time_unit], is_estimated=False)
    measured, planned = busy_times(schedule, events)
    return TickLength(measured / planned if measured and planned else 1.0, is_estimated=True)


def busy_times(schedule: Schedule, events: Iterable[Event]) -> tuple[float, int]:
    """Return the busy time of one repetition, measured (medians, in nanoseconds) and planned (in ticks)."""
    durations: dict[Task, list[int]] = defaultdict(list)
    for event in events:
        if event.action.op == "run":
            durations[event.action.task].append(event.end - event.begin)
    known = [(row, durations[row.task]) for row in schedule.tasks if row.task in durations]
    measured = sum(median(own) for _, own in known)
    return measured, sum(row.end - row.start for row, _ in known)
