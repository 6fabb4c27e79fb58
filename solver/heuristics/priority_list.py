"""Priority list: every idle device starts the most urgent ready task, for any number of jobs.

References
----------
R. Kolisch, "Serial and parallel resource-constrained project scheduling methods revisited", EJOR 90 (1996),
doi:10.1016/0377-2217(95)00357-6 (the parallel scheme). Why deadlocks are impossible stands in
`gapweave.solver.list_scheduler`.
"""

from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.list_scheduler import ListScheduler


class PriorityList:
    """Least progress first, with as many microbatches in flight as one round trip needs."""

    name: ClassVar[str] = "priority-list"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Simulate the devices under the default dispatch rule."""
        rule = DispatchRule.default(len(arrays.instance.jobs))
        starts = rule.run(ListScheduler(arrays), arrays.paths)
        if starts is None:
            raise NotApplicable("memory cannot hold one microbatch of every stage at a time")
        return Plan(starts)
