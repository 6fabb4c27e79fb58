"""List schedules that follow a stream, more or less closely."""

import numpy as np

from gapweave.models.task_arrays import FloatArray, Int64Array
from gapweave.solver.guide import Guide
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.streams.stream import Turns


class StreamFollower:
    """Runs the list scheduler under guides along one stream."""

    def __init__(self, problem: Problem, scheduler: ListScheduler, turns: Turns) -> None:
        self._arrays = problem.arrays
        self._scheduler = scheduler
        self._plan, self._period = _plan(problem, turns)

    def run(self, guide: Guide) -> Int64Array | None:
        """Return the starts of all nodes, shape (nodes,), in ticks; None if memory is too tight."""
        keys = guide.keys(self._plan, self._period, self._arrays)
        return self._scheduler.run(keys, {}, (*guide.patience, 0.0))


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
