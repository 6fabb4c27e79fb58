"""Bidirectional pipelines: two jobs run through the devices in opposite directions.

References
----------
S. Li, T. Hoefler, "Chimera: Efficiently Training Large-Scale Neural Networks with Bidirectional Pipelines",
SC 2021, arXiv 2107.06925: two 1F1B pipelines, down and up, merged on every device. Chimera's two pipelines
are halves of one batch of one model, here they are two jobs. With ZB-H1 instead of 1F1B it is close to
DualPipe with its two copies of the parameters (DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv
2412.19437), but without overlapping a forward and a backward on one device.
"""

from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.merged_orders import best_merge
from gapweave.solver.heuristics.one_f_one_b import OneFOneB
from gapweave.solver.heuristics.zb_h1 import ZbH1


class Bidirectional:
    """Each job keeps its own 1F1B (or ZB-H1), and each device takes what is ready from either job.

    Of several rules for tasks that are ready at the same time the one that ends first is kept: microbatches
    in turn, least progress first, and least progress less the way that is left. Where memory is short the
    jobs share it.
    """

    name: ClassVar[str] = "bidirectional"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Merge the two jobs' orders on each device."""
        _require_opposite_jobs(arrays, self.name)
        paths = arrays.paths
        rules = (2 * arrays.microbatch + arrays.job, paths.head, paths.head - paths.tail)
        return Plan(best_merge(arrays, (OneFOneB(), ZbH1()), rules))


def _require_opposite_jobs(arrays: TaskArrays, policy: str) -> None:
    jobs = arrays.instance.jobs
    if len(jobs) != 2:
        raise NotApplicable(f"{policy} schedules two jobs, this instance has {len(jobs)}")
    first, second = ([stage.device for stage in job.stages] for job in jobs)
    if first != second[::-1]:
        raise NotApplicable(f"{policy} needs two jobs in opposite device order, these are not")
