"""List schedules that follow a stream, more or less closely, and a climb among them."""

import random

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.guide import FloatArray, Guide
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.streams.stream import Turns

#: Guides that are drawn before the best one is changed.
_DRAWN = 16


class StreamClimb:
    """A hill climb over guides along one stream; it can go on where it was.

    Attributes
    ----------
    starts, makespan
        The best schedule so far: starts, shape (nodes,), and makespan in ticks.
    """

    def __init__(self, problem: Problem, scheduler: ListScheduler, turns: Turns, seed: int) -> None:
        self.starts: Int64Array | None = None
        self.makespan = 0
        self._problem = problem
        self._scheduler = scheduler
        self._plan, self._period = _plan(problem, turns)
        self._random = random.Random(seed)
        self._tried = 0
        self._guide = self._default = Guide.default(len(problem.instance.jobs), len(problem.arrays.blocks))

    def run(self, schedules: int, stopping: Stopping) -> None:
        """Try so many more schedules."""
        for _ in range(schedules):
            if stopping:
                return
            self._try(self._next())
            self._tried += 1

    def _next(self) -> Guide:
        if not self._tried:
            return self._default
        if self._tried < _DRAWN:
            return Guide.drawn(len(self._default.job_delay), len(self._default.lane_delay), self._random)
        return self._guide.perturbed(self._random)

    def _try(self, guide: Guide) -> None:
        keys = guide.keys(self._plan, self._period, self._problem.arrays)
        starts = self._scheduler.run(keys, {}, (*guide.patience, 0.0))
        if starts is None:
            return
        makespan = self._problem.makespan(starts)
        if self.starts is None or makespan <= self.makespan:
            self.starts, self.makespan, self._guide = starts, makespan, guide


def _plan(problem: Problem, turns: Turns) -> tuple[FloatArray, float]:
    """Return when each node would start if no microbatch waited for another, and the mean time of a turn.

    A microbatch begins when the busiest device has worked off those before it; shape (nodes,), in ticks.
    """
    arrays, devices = problem.arrays, len(problem.instance.devices)
    lengths = np.array([max(job.loads(devices)) / job.microbatch_count for job in problem.instance.jobs])
    begin = np.cumsum(lengths[list(turns)]) - lengths[list(turns)]
    plan = problem.paths.head.astype(np.float64)
    for block in arrays.blocks:
        if block.size == problem.instance.jobs[block.job].microbatch_count:
            own = begin[np.array(turns) == block.job]
            plan[block.first : block.first + block.size] = plan[block.first] + own
    return plan, float(lengths[list(turns)].mean())
