"""GPipe: all forwards, then all backwards.

References
----------
Y. Huang et al., "GPipe: Efficient Training of Giant Neural Networks using Pipeline Parallelism",
NeurIPS 2019, arXiv 1811.06965.
"""

from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.single_job import nodes_of, require_single_job
from gapweave.solver.room import free_capacities
from gapweave.solver.timing import earliest_starts


class GPipe:
    """Every stage runs the forwards of all microbatches before the first backward.

    Stages that share a device take turns stage by stage. Needs memory for all microbatches at once.
    """

    name: ClassVar[str] = "gpipe"
    jobs: ClassVar[Literal["single", "many"]] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order each device's tasks: forwards by stage, then backwards by stage from the last."""
        job = require_single_job(arrays, self.name)
        _require_memory(arrays)
        orders: list[list[int]] = [[] for _ in arrays.instance.devices]
        for number, stage in enumerate(job.stages):
            orders[stage.device] += nodes_of(arrays, F, number)
        for number, stage in reversed(list(enumerate(job.stages))):
            weights = nodes_of(arrays, W, number)
            for microbatch, backward in enumerate(nodes_of(arrays, B, number)):
                orders[stage.device] += [backward, *weights[microbatch : microbatch + 1]]
        for number, stage in enumerate(job.stages):
            orders[stage.device] += nodes_of(arrays, O, number)
        return Plan(earliest_starts(arrays, orders))


def _require_memory(arrays: TaskArrays) -> None:
    job = arrays.instance.jobs[0]
    for device, free in enumerate(free_capacities(arrays.instance)):
        stages = [stage for stage in job.stages if stage.device == device]
        held = sum(stage.memory.forward for stage in stages) * job.microbatch_count
        needed = held + max((max(0, stage.memory.backward) for stage in stages), default=0)
        if free is not None and needed > free:
            name = arrays.instance.devices[device].name
            raise NotApplicable(f"all microbatches at once need {needed} on {name!r}, {free} is free")
