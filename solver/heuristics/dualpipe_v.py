"""DualPipe on a V: microbatches go forth and back, and forwards of one leg meet backwards of the other.

References
----------
DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 3.2.1: DualPipe feeds microbatches
from both ends of the pipeline. Its variant with one copy of the parameters joins the two directions into a
V. Here a device runs one task at a time: the paper's overlap of a forward with a backward on one device is
not modelled, the two run one after the other.
"""

from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.order_memory import require_memory
from gapweave.solver.heuristics.single_job import nodes_of, require_single_job
from gapweave.solver.heuristics.stage_layout import require_v
from gapweave.solver.timing import earliest_starts


class DualPipeV:
    """Eight phases on every device; the main one runs F, B of the other stage, F of that stage and B in turn.

    Weight gradients follow their backward, but early on the way back, and in the drain, where the next
    device waits for the backward, they run later. Needs M >= 2P microbatches, and memory for up to 2P + 1
    of one stage's.
    """

    name: ClassVar[str] = "dualpipe-v"
    jobs: ClassVar[Literal["single", "many"]] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order each device's tasks phase by phase."""
        job = require_single_job(arrays, self.name)
        devices = require_v(job, self.name)
        if job.microbatch_count < 2 * len(devices):
            problem = f"{2 * len(devices)} microbatches, this job has {job.microbatch_count}"
            raise NotApplicable(f"{self.name} needs at least {problem}")
        orders: list[list[int]] = [[] for _ in arrays.instance.devices]
        for position, device in enumerate(devices):
            orders[device] = _DeviceOrder(arrays, position, len(devices)).tasks
        require_memory(arrays, orders, self.name)
        return Plan(earliest_starts(arrays, orders))


class _DeviceOrder:
    """The order of one device's tasks; its two stages are the outer one (out and home) and the inner one."""

    def __init__(self, arrays: TaskArrays, position: int, devices: int) -> None:
        self.outer, self.inner = position, 2 * devices - 1 - position
        self.lanes = {
            (kind, stage): iter(nodes_of(arrays, kind, stage))
            for kind in (F, B, W)
            for stage in (self.outer, self.inner)
        }
        self.late: list[Iterator[int]] = []
        self.tasks: list[int] = []
        count = arrays.instance.jobs[0].microbatch_count
        self._warm_up(devices - 1 - position, position + 1)
        self._main(count - 2 * devices + position + 1)
        self._drain(devices - 1 - position, position + 1)
        self.tasks += [node for stage in (self.outer, self.inner) for node in nodes_of(arrays, O, stage)]

    def _warm_up(self, before: int, after: int) -> None:
        """Fill the way out; then the way back too; then start the way home, weight gradients at once."""
        for _ in range(2 * before):
            self._forward(self.outer)
        for _ in range(after):
            self._forward(self.outer)
            self._forward(self.inner)
        for _ in range(before):
            self._backward(self.inner)
            self._forward(self.inner)

    def _main(self, rounds: int) -> None:
        for _ in range(rounds):
            self._forward(self.outer)
            self._backward(self.inner)
            self._forward(self.inner)
            self._backward(self.outer)

    def _drain(self, before: int, after: int) -> None:
        """Run out of forwards; then backwards of both stages, half of them without their W; then the rest."""
        for _ in range(before):
            self._backward(self.inner)
            self._forward(self.inner)
            self._backward(self.outer)
        for turn in range(2 * after):
            self._backward(self.outer if turn % 2 else self.inner, is_late=turn >= after)
        for _ in range(before):
            self._weight()
            self._backward(self.outer, is_late=True)
        while self.late:
            self._weight()

    def _forward(self, stage: int) -> None:
        self.tasks += islice(self.lanes[F, stage], 1)

    def _backward(self, stage: int, is_late: bool = False) -> None:
        self.tasks += islice(self.lanes[B, stage], 1)
        self.late.append(self.lanes[W, stage])
        if not is_late:
            self._weight()

    def _weight(self) -> None:
        """Run the weight gradient that has waited longest."""
        self.tasks += islice(self.late.pop(0), 1)
