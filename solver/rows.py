"""Rows of a comparison: what one schedule reaches, and the baselines it is judged by."""

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from gapweave.models.errors import NotApplicable
from gapweave.models.metrics import measure, throughput_gain
from gapweave.models.schedule import Mode, Schedule
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.sequential import Sequential
from gapweave.solver.job_alone import best_alone

RowStatus: TypeAlias = Literal["optimal", "feasible", "infeasible", "unknown", "not-applicable"]


@dataclass(frozen=True)
class Row:
    """One method's result; times in ticks, memory in ``memory_unit``, None where there is no schedule.

    Attributes
    ----------
    lower_bound
        The best bound known for the row's mode after the whole comparison.
    peak_memory
        Highest level over all devices.
    primary_delay
        How much later the primary ends than under its best policy alone, as a share.
    gain
        More work per time than job after job, as a share.
    """

    method: str
    mode: Mode
    status: RowStatus
    placement: str = "given"
    makespan: int | None = None
    lower_bound: int | None = None
    bubble_rate: float | None = None
    stage_span_bubble_rate: float | None = None
    primary_makespan: int | None = None
    primary_delay: float | None = None
    gain: float | None = None
    peak_memory: int | None = None
    seconds: float = 0.0
    reason: str | None = None
    schedule: Schedule | None = None

    @property
    def value(self) -> int | None:
        """What the method was to make least: the makespan."""
        return self.makespan

    @property
    def gap(self) -> float | None:
        """``value / lower_bound - 1``."""
        return self.value / self.lower_bound - 1 if self.value and self.lower_bound else None

    def to_document(self) -> dict[str, Any]:
        """Return the row as JSON values, without the schedule."""
        values = {name: value for name, value in vars(self).items() if name not in ("schedule", "reason")}
        values["gap"] = self.gap
        return values if self.reason is None else values | {"reason": self.reason}


def row_of(method: str, schedule: Schedule) -> Row:
    """Measure a schedule; without the numbers that need a baseline."""
    metrics = measure(schedule)
    return Row(
        method,
        schedule.mode,
        schedule.status,
        schedule.placement,
        makespan=schedule.makespan,
        lower_bound=schedule.lower_bound,
        bubble_rate=metrics.bubble_rate,
        stage_span_bubble_rate=metrics.stage_span_bubble_rate,
        primary_makespan=schedule.job_makespans[schedule.instance.jobs[0].name],
        peak_memory=max(metrics.peak_memory),
        schedule=schedule,
    )


@dataclass(frozen=True)
class Baseline:
    """The primary alone under its best policy, and job after job, in ticks; None if no policy applies."""

    policy: str | None
    primary: int | None
    sequential: int | None

    @classmethod
    def of(cls, arrays: TaskArrays) -> "Baseline":
        """Run the policies on every job alone."""
        try:
            primary = best_alone(arrays.instance, 0)
            starts = Sequential().plan(arrays).starts
        except NotApplicable:
            return cls(None, None, None)
        return cls(primary.source, primary.makespan, int((starts + arrays.duration).max()))

    def judge(self, row: Row) -> Row:
        """Add the primary's delay and the gain over running job after job, as far as they are known."""
        delay = gain = None
        if row.primary_makespan is not None and self.primary:
            delay = row.primary_makespan / self.primary - 1
        if row.makespan is not None and self.sequential:
            gain = throughput_gain(row.makespan, self.sequential)
        return replace(row, primary_delay=delay, gain=gain)
