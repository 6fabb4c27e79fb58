"""1F1B: after a warm-up, one forward and one backward in turn.

References
----------
D. Narayanan et al., "PipeDream: Generalized Pipeline Parallelism for DNN Training", SOSP 2019,
doi:10.1145/3341301.3359646; as the flush schedule (PipeDream-Flush) in D. Narayanan et al.,
"Memory-Efficient Pipeline-Parallel DNN Training", ICML 2021, arXiv 2006.09503.
"""

from typing import ClassVar, Literal

from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.delayed_weights import WeightRule, delayed_weight_orders
from gapweave.solver.heuristics.order_memory import fits_memory
from gapweave.solver.heuristics.single_job import (
    nodes_of,
    require_one_stage_per_device,
    require_room_for_one,
)
from gapweave.solver.timing import earliest_starts


class OneFOneB:
    """Stage s of P keeps at most P - s microbatches in flight; a weight gradient follows its backward.

    Where memory is tighter, fewer are in flight, and a stage does not wait for a forward that the stage
    before has no memory to send.
    """

    name: ClassVar[str] = "1f1b"
    jobs: ClassVar[Literal["single", "many"]] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order each device's tasks: warm-up forwards, then backward and forward in turn, then backwards."""
        job = require_one_stage_per_device(arrays, self.name)
        require_room_for_one(arrays)
        in_flight = tuple(range(len(job.stages), 0, -1))
        orders: list[list[int]] = [[] for _ in arrays.instance.devices]
        for number, stage in enumerate(job.stages):
            orders[stage.device] = _stage_order(arrays, number, in_flight[number])
        if not fits_memory(arrays, orders):
            rule = WeightRule(in_flight, waiting=(0,) * len(in_flight))
            orders = delayed_weight_orders(arrays, rule)
        return Plan(earliest_starts(arrays, orders))


def _stage_order(arrays: TaskArrays, number: int, in_flight: int) -> list[int]:
    forwards, backwards = nodes_of(arrays, F, number), nodes_of(arrays, B, number)
    weights = nodes_of(arrays, W, number)
    order = forwards[:in_flight]
    for microbatch, backward in enumerate(backwards):
        order.append(backward)
        order += weights[microbatch : microbatch + 1]
        order += forwards[microbatch + in_flight : microbatch + in_flight + 1]
    return order + nodes_of(arrays, O, number)
