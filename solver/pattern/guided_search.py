"""List schedules that follow a cyclic pattern, and a search over how closely they do.

A task's key is the time at which the pattern starts it; the list scheduler never idles for it, so the way
in and out comes by itself. What is searched: how far jobs and kinds of tasks are shifted against each other,
how much they drift from period to period, and how much of the memory that the pattern leaves free is used.
"""

import random
from dataclasses import dataclass, replace

import numpy as np

from gapweave.models.task_arrays import KIND_COUNT, B, F, Int64Array, TaskArrays, W
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern.pattern import Pattern, period_counts
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.stopping import Stopping

#: Fewest periods that a job must fill for a pattern to show.
_FEWEST_PERIODS = 3
#: Periods that are tried, as a multiple of the busiest device's load.
_LENGTHS = (1.0, 1.06, 1.2)
#: Deterministic units of CP-SAT for each length.
_WORK = 0.25
#: Resolution of a pattern.
_TICKS_PER_PERIOD = 120
#: Tasks placed in one search, and guided schedules at most.
_TASKS_PLACED = 10_000_000
_MOST_SCHEDULES = 3_000
#: Guided schedules in a row without a better one after which others search better.
_MOST_FRUITLESS = 300


@dataclass(frozen=True)
class Guide:
    """How list schedules follow a pattern; delays in periods."""

    job_delay: tuple[float, ...]
    kind_delay: tuple[float, float, float]
    kind_drift: tuple[float, float, float]
    spare_share: float
    patience: tuple[float, float, float]

    @classmethod
    def default(cls, jobs: int) -> "Guide":
        """Exactly the pattern."""
        return cls((0.0,) * jobs, (0.0,) * 3, (0.0,) * 3, 0.0, (0.0,) * 3)

    def perturbed(self, rng: random.Random) -> "Guide":
        """Change about half of the parameters a little."""

        def moved(value: float, spread: float) -> float:
            return value + rng.gauss(0, spread) if rng.random() < 0.4 else value

        def triple(values: tuple[float, float, float], spread: float) -> tuple[float, float, float]:
            first, second, third = (moved(value, spread) for value in values)
            return first, second, third

        f, b, w = triple(self.patience, 0.3)
        return Guide(
            (0.0, *(moved(delay, 1.0) for delay in self.job_delay[1:])),
            triple(self.kind_delay, 0.3),
            triple(self.kind_drift, 0.02),
            min(1.0, max(0.0, moved(self.spare_share, 0.2))),
            (max(0.0, f), max(0.0, b), max(0.0, w)),
        )


def search_patterns(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int, scheduler: ListScheduler
) -> None:
    """Offer list schedules guided by a cyclic pattern, if the jobs are long enough for one to show.

    Ends when the bound is met, when it is time to stop, or after a number of schedules that depends on the
    instance's size only.
    """
    pattern = find_pattern(problem, stopping, seed)
    if pattern is None:
        return
    follower = _Follower(problem, scheduler, pattern)
    rng = random.Random(seed)
    best, least = Guide.default(len(problem.instance.jobs)), None
    fruitless = 0
    for attempt in range(min(_MOST_SCHEDULES, _TASKS_PLACED // problem.arrays.task_count)):
        if stopping or incumbent.is_optimal or fruitless == _MOST_FRUITLESS:
            return
        guide = best.perturbed(rng) if attempt else best
        starts = follower.run(guide)
        if starts is None:
            continue
        fruitless = 0 if incumbent.offer(starts, "pattern") else fruitless + 1
        makespan = problem.makespan(starts)
        if problem.admits(starts) and (least is None or makespan <= least):
            best, least = guide, makespan


def find_pattern(problem: Problem, stopping: Stopping, seed: int) -> Pattern | None:
    """Return the pattern with the shortest period that is found; None if none is, or none suits."""
    microbatches = tuple(job.microbatch_count for job in problem.instance.jobs)
    counts = period_counts(microbatches)
    periods = min(count // own for count, own in zip(microbatches, counts, strict=True))
    if problem.pinned is not None or periods < _FEWEST_PERIODS:
        return None
    from gapweave.solver.pattern.period_model import PeriodModel  # OR-Tools takes a while to load

    arrays = coarsened(problem.arrays, max(1, _load(problem.arrays, counts) // _TICKS_PER_PERIOD))
    for length in _LENGTHS:
        if stopping:
            return None
        period = int(_load(arrays, counts) * length)
        pattern = PeriodModel(arrays, counts, period).solve(_WORK, seed, stopping)
        if pattern is not None:
            return pattern
    return None


def coarsened(arrays: TaskArrays, unit: int) -> TaskArrays:
    """Return the tasks with times in units, rounded: a guide need not be exact, and CP-SAT likes it small.

    Parameters
    ----------
    unit
        In ticks.
    """
    blocks = tuple(
        block._replace(duration=max(1, round(block.duration / unit)) if block.duration else 0)
        for block in arrays.blocks
    )
    links = tuple(link._replace(lag=round(link.lag / unit)) for link in arrays.links)
    return replace(arrays, blocks=blocks, links=links)


def _load(arrays: TaskArrays, counts: tuple[int, ...]) -> int:
    """Return the work of one period on the busiest device."""
    loads = [0] * len(arrays.instance.devices)
    for block in arrays.blocks:
        if block.kind in (F, B, W) and not block.step:
            loads[block.device] += counts[block.job] * block.duration
    return max(loads)


class _Follower:
    """Runs the list scheduler under guides of one pattern."""

    def __init__(self, problem: Problem, scheduler: ListScheduler, pattern: Pattern) -> None:
        self._scheduler = scheduler
        self._arrays = problem.arrays
        self._period = float(pattern.period)
        self._keys = pattern.keys(problem.arrays).astype(np.float64)
        self._in_flight = {
            (job, stage): pattern.in_flight(job, stage)
            for job, stages in enumerate(len(job.stages) for job in problem.instance.jobs)
            for stage in range(stages)
        }
        self._spare = _spare(problem, self._in_flight)

    def run(self, guide: Guide) -> Int64Array | None:
        """Return the starts of all nodes, shape (nodes,), in ticks; None if memory is too tight."""
        arrays = self._arrays
        delay, drift = np.zeros(KIND_COUNT), np.zeros(KIND_COUNT)
        delay[:3], drift[:3] = guide.kind_delay, guide.kind_drift
        keys = self._keys * (1.0 + drift[arrays.kind])
        keys += self._period * (delay[arrays.kind] + np.array(guide.job_delay)[arrays.job])
        limits = {
            stage: count + int(guide.spare_share * self._spare[stage])
            for stage, count in self._in_flight.items()
        }
        return self._scheduler.run(keys, limits, (*guide.patience, 0.0))


def _spare(problem: Problem, in_flight: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Return how many more microbatches of each (job, stage) the memory holds that the pattern leaves."""
    left, jobs = free_capacities(problem.instance), problem.instance.jobs
    for (job, stage), count in in_flight.items():
        own = jobs[job].stages[stage]
        capacity = left[own.device]
        if capacity is not None:
            left[own.device] = capacity - count * own.memory.peak
    spare = {}
    for job, stage in in_flight:
        own = jobs[job].stages[stage]
        capacity = left[own.device]
        unlimited = capacity is None or not own.memory.peak
        most = jobs[job].microbatch_count
        spare[job, stage] = most if unlimited else max(0, (capacity or 0) // own.memory.peak)
    return spare
