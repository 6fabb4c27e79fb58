"""What the zero-bubble schedules of one job have in common: rules under which weight gradients run late.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Literal

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.delayed_weights import WeightRule, delayed_weight_orders
from gapweave.solver.heuristics.single_job import (
    require_one_stage_per_device,
    require_room_for_one,
    require_split_backward,
)
from gapweave.solver.heuristics.spans import shortest_span
from gapweave.solver.timing import earliest_starts


class ZeroBubble(ABC):
    """A split backward on one stage per device, simulated under rules; the shortest stage span is kept."""

    name: ClassVar[str]
    jobs: ClassVar[Literal["single", "many"]] = "single"

    @abstractmethod
    def rules(self, arrays: TaskArrays) -> Iterable[WeightRule]:
        """Return the rules to try, at least one."""

    def plan(self, arrays: TaskArrays) -> Plan:
        """Simulate the devices under every rule and keep the best."""
        job = require_one_stage_per_device(arrays, self.name)
        require_split_backward(job, self.name)
        require_room_for_one(arrays)
        orders = (delayed_weight_orders(arrays, rule) for rule in dict.fromkeys(self.rules(arrays)))
        return Plan(shortest_span(arrays, (earliest_starts(arrays, order) for order in orders)))
