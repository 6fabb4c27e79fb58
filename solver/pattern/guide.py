"""List schedules that follow a cyclic pattern, more or less closely.

A task's key is the time at which the pattern starts it; the list scheduler never idles for it, so the way
in and out comes by itself.
"""

import random
from dataclasses import dataclass, replace

import numpy as np

from gapweave.models.task_arrays import KIND_COUNT, Int64Array
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern.pattern import Pattern
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities

#: Chance that a change is one of lanes, how many of them, and how far.
_LANES_CHANCE = 0.5
_LANES_MOVED = (1, 2, 4, 8)
_LANE_SPREADS = (0.03, 0.1, 0.3)


@dataclass(frozen=True)
class Guide:
    """How list schedules follow a pattern; delays in periods, those of lanes in the order of the blocks."""

    job_delay: tuple[float, ...]
    kind_delay: tuple[float, float, float]
    kind_drift: tuple[float, float, float]
    spare_share: float
    patience: tuple[float, float, float]
    lane_delay: tuple[float, ...]

    @classmethod
    def default(cls, jobs: int, lanes: int) -> "Guide":
        """Exactly the pattern."""
        return cls((0.0,) * jobs, (0.0,) * 3, (0.0,) * 3, 0.0, (0.0,) * 3, (0.0,) * lanes)

    def perturbed(self, rng: random.Random) -> "Guide":
        """Change a few lanes that are neighbours, or about half of the other parameters, a little."""
        if rng.random() < _LANES_CHANCE:
            return self._with_lanes_moved(rng)

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
            self.lane_delay,
        )

    def _with_lanes_moved(self, rng: random.Random) -> "Guide":
        delays, first = list(self.lane_delay), rng.randrange(len(self.lane_delay))
        delay = rng.gauss(0, rng.choice(_LANE_SPREADS))
        for lane in range(first, min(len(delays), first + rng.choice(_LANES_MOVED))):
            delays[lane] += delay
        return replace(self, lane_delay=tuple(delays))


class Follower:
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
        lane_delay = np.repeat(guide.lane_delay, [block.size for block in arrays.blocks])
        keys += self._period * (delay[arrays.kind] + np.array(guide.job_delay)[arrays.job] + lane_delay)
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
