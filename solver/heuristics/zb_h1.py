"""ZB-H1: 1F1B's memory, a third of its bubble.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241.
"""

from collections.abc import Iterable
from typing import ClassVar

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.delayed_weights import WeightRule
from gapweave.solver.heuristics.zero_bubble import ZeroBubble


class ZbH1(ZeroBubble):
    """1F1B in which the weight gradients of stage s run s microbatches late.

    Every stage then holds P microbatches, as stage 0 of 1F1B does, and the backward passes reach stage 0
    without waiting for weight gradients: the bubble is (P - 1) (F + B - W) for uniform stages. Where memory
    is tighter, fewer microbatches are in flight and weight gradients run sooner.
    """

    name: ClassVar[str] = "zb-h1"

    def rules(self, arrays: TaskArrays) -> Iterable[WeightRule]:
        """1F1B, with W's delay growing from stage to stage."""
        return [zb_h1_rule(len(arrays.instance.jobs[0].stages))]


def zb_h1_rule(stages: int) -> WeightRule:
    """Return the rule for a pipeline of this many stages."""
    return WeightRule(in_flight=tuple(range(stages, 0, -1)), waiting=tuple(range(stages)))
