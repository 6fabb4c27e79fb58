"""Greedy fill: the primary keeps its own schedule, secondary tasks go into its idle intervals as they come.

References
----------
The scheme of the patent application US20260093523A1 (a second model instance placed into the expected idle
cycles of the first); PipeFill, D. Arfeen et al., MLSys 2025, arXiv 2410.07192, fills bubbles with other jobs.
"""

from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.default_policy import DEFAULT_POLICY
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.registry import heuristic, single_job_policies
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pinned import pinned_starts


class GreedyFill:
    """Secondary tasks start in the earliest idle interval that holds them, most urgent first.

    Parameters
    ----------
    policy
        Name of the single-job policy that schedules the primary; if it is not the default, it is part of
        this heuristic's own: ``greedy-fill/zb-h1``.
    """

    jobs: ClassVar[Literal["single", "many"]] = "many"

    def __init__(self, policy: str = DEFAULT_POLICY) -> None:
        self.policy = policy
        self.name = "greedy-fill" if policy == DEFAULT_POLICY else f"greedy-fill/{policy}"

    @classmethod
    def variants(cls) -> dict[str, "GreedyFill"]:
        """Return one by name for every single-job policy that may schedule the primary."""
        made = map(cls, single_job_policies())
        return {one.name: one for one in made}

    def plan(self, arrays: TaskArrays) -> Plan:
        """Pin the primary, then simulate the devices with secondary tasks only."""
        primary = alone(arrays.instance, 0, heuristic(self.policy)).as_primary()
        rule = DispatchRule.default(len(arrays.instance.jobs))
        starts = rule.run(ListScheduler(arrays, pinned_starts(arrays, primary)), arrays.paths)
        if starts is None:
            raise NotApplicable("memory cannot hold one microbatch of every secondary stage at a time")
        return Plan(starts, primary)
