"""List schedules that follow a cyclic pattern, more or less closely."""

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.guide import Guide
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern.pattern import Pattern
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities


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
        limits = {
            stage: count + int(guide.spare_share * self._spare[stage])
            for stage, count in self._in_flight.items()
        }
        keys = guide.keys(self._keys, self._period, self._arrays)
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
