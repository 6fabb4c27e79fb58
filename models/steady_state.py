"""What a schedule with a period is worth in training that goes on: steps per second, and gain over turns.

Job after job, each under its best schedule, a period's steps would take the sum of the jobs' own periods.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from gapweave.models.bounds.arguments import PERIOD_ARGUMENTS
from gapweave.models.bounds.step_span import downstream_paths, longest_head, step_span
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule

#: Above this many (stages x tasks) only the first stages of a job are looked at.
_MOST_WORK = 3_000_000
_TICKS_PER_SECOND = {"ns": 10**9, "us": 10**6, "ms": 1000, "s": 1}

Evidence: TypeAlias = Literal["bound", "found"]
RateUnit: TypeAlias = Literal["second", "tick"]


@dataclass(frozen=True)
class SteadyState:
    """Measures of a schedule with a period.

    Attributes
    ----------
    rates
        Steps of each job per ``rate_unit``, by the job's name.
    rate_unit
        ``second``, or ``tick`` where the instance's time has no real unit.
    bubble_rate
        ``1 - busy / (devices x T)``.
    stage_span_bubble_rate
        The literature's rate, ``1 - work / T`` over the devices used.
    alone
        Each job's least period alone, in ticks, by its name.
    evidence
        ``found``: a schedule has it; ``bound``: no schedule has less, so the gain is at least what it says.
    gain
        How many more steps per time than job after job, as a share; None for one job.
    """

    rates: dict[str, float]
    rate_unit: RateUnit
    bubble_rate: float
    stage_span_bubble_rate: float
    alone: dict[str, int]
    evidence: Evidence
    gain: float | None

    def to_document(self) -> dict[str, Any]:
        """Return the measures as JSON values."""
        return {
            f"steps_per_{self.rate_unit}": self.rates,
            "bubble_rate": self.bubble_rate,
            "stage_span_bubble_rate": self.stage_span_bubble_rate,
            "periods_alone": self.alone,
            "periods_alone_by": self.evidence,
            "throughput_gain": self.gain,
        }


def steady_state(schedule: Schedule, alone: dict[str, int] | None = None) -> SteadyState | None:
    """Measure a schedule with a period; None without one.

    Parameters
    ----------
    alone
        The best period found of each job alone, by its name; None: lower bounds are used instead.
    """
    period = schedule.period
    if period is None:
        return None
    instance, metrics = schedule.instance, measure(schedule)
    unit = rate_unit(instance)
    ticks = _TICKS_PER_SECOND.get(instance.time_unit, 1)
    steps = {job.name: count for job, count in zip(instance.jobs, schedule.steps, strict=True)}
    evidence: Evidence = "bound" if alone is None else "found"
    if alone is None:
        alone = {job.name: least_period(instance, number) for number, job in enumerate(instance.jobs)}
    in_turn = sum(steps[name] * own for name, own in alone.items())
    return SteadyState(
        rates={name: count * ticks / period for name, count in steps.items()},
        rate_unit=unit,
        bubble_rate=metrics.bubble_rate,
        stage_span_bubble_rate=metrics.stage_span_bubble_rate,
        alone=alone,
        evidence=evidence,
        gain=in_turn / period - 1 if len(steps) > 1 else None,
    )


def rate_unit(instance: Instance) -> RateUnit:
    """Return per what steps are counted."""
    return "second" if instance.time_unit in _TICKS_PER_SECOND else "tick"


@lru_cache(maxsize=64)
def least_period(instance: Instance, job: int) -> int:
    """Return a lower bound on the period of one job alone, in ticks: the best of all arguments."""
    alone = instance.with_jobs(job)
    own = alone.jobs[0]
    stages = len(own.stages) if len(own.stages) * own.task_count <= _MOST_WORK else 2
    spans = (downstream_paths(alone, 0, stage) for stage in range(min(stages, len(own.stages))))
    return max(*_of_devices(alone), *(step_span(paths, longest_head(paths)) for paths in spans))


def _of_devices(alone: Instance) -> Iterator[int]:
    """Yield each device's load, and what memory and the ramps of a step ask for there."""
    (job,) = alone.jobs
    yield from job.loads(len(alone.devices))
    for device in range(len(alone.devices)):
        with suppress(ValueError):
            yield PERIOD_ARGUMENTS["memory-time"](alone, (1,), {"device": device})
        with suppress(ValueError):
            yield PERIOD_ARGUMENTS["step-ramps"](alone, (1,), {"device": device, "job": 0})
