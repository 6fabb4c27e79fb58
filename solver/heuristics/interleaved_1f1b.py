"""Interleaved 1F1B: several stages per device make the bubble smaller by their number.

References
----------
D. Narayanan et al., "Efficient Large-Scale Language Model Training on GPU Clusters Using Megatron-LM",
SC 2021, arXiv 2104.04473, section 2.2.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.order_memory import peak_memory
from gapweave.solver.heuristics.single_job import nodes_of, require_room_for_one, require_single_job
from gapweave.solver.heuristics.stage_layout import require_interleaved
from gapweave.solver.room import free_capacities
from gapweave.solver.timing import earliest_starts


class Interleaved1F1B:
    """Stage k of v P lies on device k mod P; microbatches pass the devices in groups of P, v times each.

    Device p warms up with 2 (P - p - 1) + (v - 1) P + 1 forwards, then backward and forward take turns; a
    weight gradient follows its backward. The bubble is (P - 1) (F + B) of one of the vP stages. Groups are
    larger than P if M is no multiple of it; where memory is tighter the warm-up is shorter.
    """

    name: ClassVar[str] = "interleaved-1f1b"
    jobs: ClassVar[Literal["single", "many"]] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order each device's tasks."""
        job = require_single_job(arrays, self.name)
        devices = require_interleaved(job, self.name)
        require_room_for_one(arrays)
        groups = list(_groups(job.microbatch_count, len(devices)))
        orders: list[list[int]] = [[] for _ in arrays.instance.devices]
        for position, device in enumerate(devices):
            stages = range(position, len(job.stages), len(devices))
            warm_up = 2 * (len(devices) - position - 1) + (len(stages) - 1) * len(groups[0]) + 1
            orders[device] = _fitting_order(arrays, device, stages, groups, warm_up)
        try:
            return Plan(earliest_starts(arrays, orders))
        except NotApplicable as exc:
            raise NotApplicable("the warm-up of interleaved-1f1b that memory allows is too short") from exc


def _groups(count: int, devices: int) -> Iterator[range]:
    """Yield microbatches in as many groups of at least P as there can be, nearly equal, larger ones first."""
    groups = max(1, count // devices)
    first = 0
    for index in range(groups):
        size = count // groups + (index < count % groups)
        yield range(first, first + size)
        first += size


def _fitting_order(
    arrays: TaskArrays, device: int, stages: range, groups: list[range], warm_up: int
) -> list[int]:
    """Return the order with the longest warm-up, up to the wanted one, that memory allows."""
    free = free_capacities(arrays.instance)[device]
    order = _order(arrays, stages, groups, warm_up)
    if free is None or peak_memory(arrays, order) <= free:
        return order
    fits, too_long = 0, warm_up
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        order = _order(arrays, stages, groups, middle)
        fits, too_long = (middle, too_long) if peak_memory(arrays, order) <= free else (fits, middle)
    if not fits:
        raise NotApplicable(
            f"device {arrays.instance.devices[device].name!r} lacks memory for one microbatch"
        )
    return _order(arrays, stages, groups, fits)


def _order(arrays: TaskArrays, stages: range, groups: list[range], warm_up: int) -> list[int]:
    forwards = [nodes_of(arrays, F, s)[m] for group in groups for s in stages for m in group]
    backwards = [(s, m) for group in groups for s in reversed(stages) for m in group]
    order = forwards[:warm_up]
    for done, (stage, microbatch) in enumerate(backwards):
        order += [nodes_of(arrays, B, stage)[microbatch], *nodes_of(arrays, W, stage)[microbatch:][:1]]
        order += forwards[warm_up + done : warm_up + done + 1]
    return order + [node for stage in stages for node in nodes_of(arrays, O, stage)]
