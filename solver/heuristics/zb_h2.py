"""ZB-H2: twice 1F1B's memory, hardly a bubble.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241.
"""

from collections.abc import Iterable
from typing import ClassVar

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.delayed_weights import WeightRule
from gapweave.solver.heuristics.zero_bubble import ZeroBubble


class ZbH2(ZeroBubble):
    """2 (P - s) - 1 forwards warm stage s up, and its weight gradients run 2 s microbatches late.

    The warm-up fills the wait for the first backward, the late weight gradients fill the drain: the bubble
    is (P - 1) (F + B - 2W) for uniform stages, each of which holds 2P - 1 microbatches. Where memory is
    tighter, fewer microbatches are in flight and weight gradients run sooner.
    """

    name: ClassVar[str] = "zb-h2"

    def rules(self, arrays: TaskArrays) -> Iterable[WeightRule]:
        """A long warm-up, then B and F in turn, with W's delay growing."""
        return [zb_h2_rule(len(arrays.instance.jobs[0].stages))]


def zb_h2_rule(stages: int) -> WeightRule:
    """Return the rule for a pipeline of this many stages."""
    return WeightRule(in_flight=tuple(range(2 * stages - 1, 0, -2)), waiting=tuple(range(0, 2 * stages, 2)))
