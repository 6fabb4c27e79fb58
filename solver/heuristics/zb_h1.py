"""ZB-H1: 1F1B's memory, a third of its bubble.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241.
"""

from typing import ClassVar, Literal

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.delayed_weights import WeightRule, delayed_weight_orders
from gapweave.solver.heuristics.single_job import (
    require_one_stage_per_device,
    require_room_for_one,
    require_split_backward,
)
from gapweave.solver.timing import earliest_starts


class ZbH1:
    """1F1B in which the weight gradients of stage s run s microbatches late.

    Every stage then holds P microbatches, as stage 0 of 1F1B does, and the backward passes reach stage 0
    without waiting for weight gradients: the bubble is (P - 1) (F + B - W) for uniform stages. Where memory
    is tighter, fewer microbatches are in flight and weight gradients run sooner.
    """

    name: ClassVar[str] = "zb-h1"
    jobs: ClassVar[Literal["single", "many"]] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order each device's tasks: 1F1B, with W's delay growing from stage to stage."""
        job = require_one_stage_per_device(arrays, self.name)
        require_split_backward(job, self.name)
        require_room_for_one(arrays)
        orders = delayed_weight_orders(arrays, zb_h1_rule(len(job.stages)))
        return Plan(earliest_starts(arrays, orders))


def zb_h1_rule(stages: int) -> WeightRule:
    """Return the rule for a pipeline of this many stages."""
    return WeightRule(in_flight=tuple(range(stages, 0, -1)), waiting=tuple(range(stages)))
