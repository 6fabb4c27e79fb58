"""Rows of a comparison in steady state, and the jobs alone, by which they are judged."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gapweave.models.errors import Infeasible, Interrupted, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.placement import Placement
from gapweave.models.schedule import Schedule
from gapweave.models.steady_state import RateUnit, rate_unit, steady_state
from gapweave.solver.rows import Row, row_of

#: The row in which one job after the other is trained, each at its best period alone.
IN_TURN = "one-after-the-other"


@dataclass(frozen=True)
class PeriodRow(Row):
    """One method's result in steady state.

    Attributes
    ----------
    period
        T, in ticks.
    steps
        Steps of each job in one period.
    rates
        Steps of each job per second, or per tick where time has no real unit, by the job's name.
    primary_delay
        How much longer a step of the primary takes than at its best period found alone, as a share.
    gain
        More steps per time than job after job, each at its best period found alone, as a share.
    """

    period: int | None = None
    steps: tuple[int, ...] | None = None
    rates: dict[str, float] | None = None
    rate_unit: RateUnit = "second"

    @property
    def value(self) -> int | None:
        """The period."""
        return self.period

    def to_document(self) -> dict[str, Any]:
        """Return the row as JSON values, without the schedule."""
        document = super().to_document()
        rates = {f"steps_per_{document.pop('rate_unit')}": document.pop("rates")}
        steps = document.pop("steps")
        return document | {"steps": None if steps is None else list(steps)} | rates


def period_row(method: str, schedule: Schedule) -> PeriodRow:
    """Measure a schedule with a period; without the numbers that need the jobs alone."""
    steady = steady_state(schedule)
    assert steady is not None
    values = vars(row_of(method, schedule))
    return PeriodRow(
        **values,
        period=schedule.period,
        steps=schedule.steps,
        rates=steady.rates,
        rate_unit=steady.rate_unit,
    )


@dataclass(frozen=True)
class JobsAlone:
    """The best periodic schedule found of each job alone; none if one of them has none."""

    instance: Instance
    schedules: tuple[Schedule, ...]

    @classmethod
    def of(cls, instance: Instance, solve_alone: Callable[[Instance], Schedule]) -> "JobsAlone":
        """Solve every job alone, equal ones once."""
        found: dict[Instance, Schedule] = {}
        schedules = []
        for number in range(len(instance.jobs)):
            own = instance.with_jobs(number)
            key = own.model_copy(update={"jobs": (own.jobs[0].model_copy(update={"name": ""}),)})
            if key not in found:
                try:
                    found[key] = solve_alone(own)
                except (Infeasible, NothingFound, NotApplicable, Interrupted):
                    return cls(instance, ())
            schedules.append(found[key])
        return cls(instance, tuple(schedules))

    @property
    def periods(self) -> tuple[int, ...]:
        """The period of each job, in ticks."""
        return tuple(schedule.value for schedule in self.schedules)

    def judge(self, row: Row) -> Row:
        """Add what a step of the primary loses and what all gain against job after job, if both are known."""
        if not isinstance(row, PeriodRow) or row.period is None or row.steps is None or not self.schedules:
            return row
        in_turn = sum(count * period for count, period in zip(row.steps, self.periods, strict=True))
        delay = row.period / (row.steps[0] * self.periods[0]) - 1
        gain = in_turn / row.period - 1 if len(self.periods) > 1 else None
        return replace(row, primary_delay=delay, gain=gain)

    def in_turn(self, placement: Placement) -> PeriodRow:
        """Return the row of training one job after the other, a step of each in the sum of their periods."""
        if not self.schedules:
            reason = "a job alone has no schedule within its share of the time"
            unit = rate_unit(self.instance)
            return PeriodRow(IN_TURN, "joint", "unknown", placement, reason=reason, rate_unit=unit)
        period = sum(self.periods)
        own = steady_state(self.schedules[0])
        assert own is not None
        rate = next(iter(own.rates.values())) * self.periods[0] / period
        busy = sum(sum(measure(schedule).busy) for schedule in self.schedules)
        used = {stage.device for job in self.instance.jobs for stage in job.stages}
        return PeriodRow(
            IN_TURN,
            "joint",
            "feasible",
            placement,
            bubble_rate=1 - busy / (len(self.instance.devices) * period),
            stage_span_bubble_rate=1 - busy / (len(used) * period),
            peak_memory=max(max(measure(schedule).peak_memory) for schedule in self.schedules),
            period=period,
            steps=(1,) * len(self.instance.jobs),
            rates={job.name: rate for job in self.instance.jobs},
            rate_unit=own.rate_unit,
        )
