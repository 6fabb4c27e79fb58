"""The order of another program: a schedule file of torch.distributed.pipelining, timed on an instance."""

from dataclasses import dataclass
from typing import Literal

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.models.torch_csv import Cell, read_cells
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.order_memory import require_memory
from gapweave.solver.timing import earliest_starts


@dataclass(frozen=True)
class TorchCsv:
    """Runs one job as a file says; times are the earliest ones that its orders allow.

    Attributes
    ----------
    name
        Path of the file.
    """

    name: str
    jobs: Literal["single", "many"] = "single"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Order every device's tasks as in the file.

        Raises
        ------
        InvalidSchedule
            The file cannot be read.
        NotApplicable
            It is of another number of stages or microbatches, has other stages together on a rank, leaves out
            a computation, needs more memory than there is, or deadlocks.
        """
        if len(arrays.instance.jobs) != 1 or max(arrays.steps) > 1:
            count = len(arrays.instance.jobs)
            raise NotApplicable(f"{self.name} schedules one step of one job, this instance has {count} jobs")
        rows = read_cells(self.name)
        orders = self._orders(arrays, rows)
        named = [node for order in orders for node in order]
        if len(set(named)) < len(named):
            raise NotApplicable(f"{self.name} runs a computation twice")
        wanted = sum(block.size for block in arrays.blocks if block.kind in (F, B, W))
        if len(named) < wanted:
            raise NotApplicable(f"{self.name} runs {len(named)} computations, this job has {wanted}")
        self._require_same_devices(arrays, rows)
        for block in arrays.blocks:
            if block.kind == O:
                orders[block.device].append(block.first)
        require_memory(arrays, orders, self.name)
        return Plan(earliest_starts(arrays, orders))

    def _orders(self, arrays: TaskArrays, rows: list[list[Cell]]) -> list[list[int]]:
        """Return the nodes of each device in the order of the file."""
        orders: list[list[int]] = [[] for _ in arrays.instance.devices]
        for row in rows:
            for cell in row:
                for kind in self._kinds(arrays, cell):
                    node = self._node(arrays, cell, kind)
                    orders[int(arrays.device[node])].append(node)
        return orders

    def _require_same_devices(self, arrays: TaskArrays, rows: list[list[Cell]]) -> None:
        """Refuse a file whose ranks hold other stages than the devices do; their numbers may differ."""
        ranks = {frozenset(cell.stage for cell in row) for row in rows if row}
        devices: dict[int, set[int]] = {}
        for number, stage in enumerate(arrays.instance.jobs[0].stages):
            devices.setdefault(stage.device, set()).add(number)
        for own in ranks:
            if own not in devices.values():
                stages = ", ".join(map(str, sorted(own)))
                raise NotApplicable(f"{self.name} has a rank with stages {stages}, no device of this job has")

    def _kinds(self, arrays: TaskArrays, cell: Cell) -> tuple[int, ...]:
        """Return the kinds of tasks that a cell stands for; a whole backward pass is B and W in a row."""
        stages = arrays.instance.jobs[0].stages
        if cell.stage >= len(stages):
            raise NotApplicable(f"{self.name} has a stage {cell.stage}, this job has {len(stages)} stages")
        if cell.kind == "F":
            return (F,)
        if not stages[cell.stage].is_split:
            if cell.kind != "B":
                raise NotApplicable(f"{self.name} splits backward passes, this job does not")
            return (B,)
        return {"B": (B, W), "I": (B,), "W": (W,)}[cell.kind]

    def _node(self, arrays: TaskArrays, cell: Cell, kind: int) -> int:
        block = arrays.block(0, kind, cell.stage)
        assert block is not None
        if cell.microbatch >= block.size:
            problem = f"has a microbatch {cell.microbatch}, this job has {block.size}"
            raise NotApplicable(f"{self.name} {problem}")
        return block.first + cell.microbatch
