"""Sequential: job after job, each under the policy that suits it best alone."""

from typing import ClassVar, Literal

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.job_alone import best_alone, in_turn


class Sequential:
    """What a cluster does without gapweave: one training job at a time, bubbles and all."""

    name: ClassVar[str] = "sequential"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Start each job, as it is scheduled alone, when the one before has ended."""
        jobs = len(arrays.instance.jobs)
        return Plan(in_turn(arrays, (best_alone(arrays.instance, job) for job in range(jobs))))
