"""A run beside its plan: makespans of all steps, and where one of them lost time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from gapweave.executor.measured.as_schedule import measured_schedule, planned_schedule
from gapweave.executor.measured.gaps import CAUSES, Cause, DeviceLosses, losses, median_durations
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.steps import MeasuredStep, after_warm_up, measured_steps, typical_step
from gapweave.executor.measured.tick_length import TickLength, busy_times, tick_length
from gapweave.models.errors import InvalidFile, InvalidOption
from gapweave.models.schedule import Schedule


@dataclass(frozen=True)
class RunComparison:
    """What was planned beside what was measured; times in nanoseconds.

    Attributes
    ----------
    length
        Of a planned tick.
    steps
        All complete repetitions of the schedule.
    shown
        The one that is drawn and explained.
    losses
        Of every device in the shown step.
    planned, measured
        Plan and shown step as schedules in nanoseconds.
    busy_ratio
        Busy time of all tasks, measured (medians) over planned; 1 by definition if a tick's length is
        estimated.
    left_out
        Names of jobs of which no task ran, such as one that the run went on without; the plan keeps their
        time free.
    """

    schedule: Schedule
    length: TickLength
    steps: tuple[MeasuredStep, ...]
    shown: MeasuredStep
    losses: tuple[DeviceLosses, ...]
    planned: Schedule
    measured: Schedule
    busy_ratio: float
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        schedule: Schedule,
        events: Iterable[Event],
        *,
        step: int | None = None,
        estimate_tick: bool = False,
    ) -> "RunComparison":
        """Compare.

        Parameters
        ----------
        events
            On one clock for all ranks.
        step
            Which step to explain, from 1; None: the one with the median makespan of all after the first.
        estimate_tick
            Scale the plan to the measured busy time, whatever its time unit.

        Raises
        ------
        InvalidFile
            No step is complete.
        InvalidOption
            The step asked for is not among those that were measured.
        """
        recorded = tuple(events)
        schedule, left_out = _of_jobs_that_ran(schedule, recorded)
        steps = measured_steps(schedule, recorded)
        if not steps:
            raise InvalidFile("traceEvents", "expected a step in which every task ran, found none")
        shown = _chosen(steps, step)
        warm = [event for one in after_warm_up(steps) for own in one.events for event in own]
        length = tick_length(schedule, warm, estimate=estimate_tick)
        busy, planned_busy = busy_times(schedule, warm)
        return cls(
            schedule=schedule,
            length=length,
            steps=steps,
            shown=shown,
            losses=losses(schedule, shown, length, median_durations(warm)),
            planned=planned_schedule(schedule, length),
            measured=measured_schedule(schedule, shown),
            busy_ratio=busy / (planned_busy * length.nanoseconds),
            left_out=left_out,
        )

    @cached_property
    def planned_makespan(self) -> int:
        """From the begin of the first task to the end of the last one."""
        return max(row.end for row in self.planned.tasks)

    @property
    def ratios(self) -> dict[int, float]:
        """Planned over measured makespan of each step, by its number from 1."""
        return {step.repetition + 1: self.planned_makespan / step.makespan for step in self.steps}

    @property
    def median_makespan(self) -> float:
        """Of all steps after the first."""
        return median(step.makespan for step in after_warm_up(self.steps))

    @property
    def median_ratio(self) -> float:
        """Planned over median measured makespan."""
        return self.planned_makespan / self.median_makespan

    @property
    def step_time(self) -> float | None:
        """Mean time from the begin of a step to that of the next, after the first; None of too few steps."""
        warm = after_warm_up(self.steps)
        first, last = warm[0], warm[-1]
        if first.repetition == last.repetition:
            return None
        return (last.origin - first.origin) / (last.repetition - first.repetition)

    @property
    def by_cause(self) -> dict[Cause, int]:
        """What each cause took on all devices together, in the shown step."""
        totals: Counter[Cause] = Counter()
        for device in self.losses:
            totals.update(device.by_cause)
        return {cause: totals[cause] for cause in CAUSES}

    @property
    def is_serial(self) -> bool:
        """Whether tasks of different devices never ran at the same time, as if one thread did them all."""
        runs = sorted(
            (event.begin, event.end)
            for own in self.shown.events
            for event in own
            if event.action.op == "run" and event.end > event.begin
        )
        devices = sum(any(event.action.op == "run" for event in own) for own in self.shown.events)
        return devices > 1 and all(one[1] <= other[0] for one, other in pairwise(runs))


def _of_jobs_that_ran(schedule: Schedule, events: Iterable[Event]) -> tuple[Schedule, tuple[str, ...]]:
    """Return the plan without the tasks of jobs of which none ran, and their names."""
    ran = {event.action.job for event in events if event.action.op == "run"}
    left_out = tuple(job.name for number, job in enumerate(schedule.instance.jobs) if number not in ran)
    if not left_out or not ran:
        return schedule, ()
    rows = tuple(row for row in schedule.tasks if row.job in ran)
    header = {
        "tasks": rows,
        "makespan": max(row.end for row in rows),
        "job_makespans": schedule.job_makespans | dict.fromkeys(left_out, 0),
        "status": "feasible",
        "lower_bound": None,
        "bound": None,
    }
    return schedule.model_copy(update=header), left_out


def _chosen(steps: Sequence[MeasuredStep], number: int | None) -> MeasuredStep:
    if number is None:
        return typical_step(steps)
    for step in steps:
        if step.repetition == number - 1:
            return step
    first, last = steps[0].repetition + 1, steps[-1].repetition + 1
    raise InvalidOption(f"--step: expected a step that was measured ({first} to {last}), got {number}")
