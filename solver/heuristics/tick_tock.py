"""Tick-tock: two jobs take turns, the second one half a step behind the first.

The idea is ours, we know of no paper: in steady state a job that starts its step when the other is half
through its own warms up while the other drains. In one step of each job, as here, the second fills the drain
of the first.
"""

from typing import ClassVar, Literal

import numpy as np

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.merged_orders import best_merge
from gapweave.solver.heuristics.one_f_one_b import OneFOneB
from gapweave.solver.heuristics.zb_h1 import ZbH1


class TickTock:
    """The second job enters when half the load of the busiest device could be done.

    Each job keeps its own 1F1B (or ZB-H1), and each device takes what is ready from either: of the first job
    first, of the second first, or what has made least progress; what ends first is kept. Where memory is
    short the jobs share it.
    """

    name: ClassVar[str] = "tick-tock"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Merge the two jobs' orders on each device, the second one's offset by half a step."""
        jobs = arrays.instance.jobs
        if len(jobs) != 2:
            raise NotApplicable(f"{self.name} schedules two jobs, this instance has {len(jobs)}")
        paths = arrays.paths
        rules = (arrays.job, -arrays.job, paths.head - paths.tail)
        offsets = (jobs[0].release, max(jobs[1].release, jobs[0].release + _half_a_step(arrays)))
        return Plan(best_merge(arrays, (OneFOneB(), ZbH1()), rules, offsets))


def _half_a_step(arrays: TaskArrays) -> int:
    """Return half of the time that the busiest device takes for one step of every job, in ticks."""
    tasks = slice(0, arrays.task_count)
    loads = np.bincount(arrays.device[tasks], weights=arrays.duration[tasks])
    return int(loads.max()) // 2
