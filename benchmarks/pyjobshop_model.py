"""PyJobShop: devices as machines, transfers as delays, memory as a renewable resource.

A microbatch's memory is a task of its own that takes no machine: it starts with the claiming task, ends with
the freeing one, and idles in between (``allow_idle``). Microbatches run in the order of their numbers, which
loses nothing and helps.

References
----------
L. Lan, J. Berkhout, "PyJobShop: Solving scheduling problems with constraint programming in Python",
arXiv:2502.13483.
"""

import sys
from functools import partial
from unittest.mock import patch

import pyjobshop
from pyjobshop.solvers.ortools import CPModel

from benchmarks.cp_sat_recording import RecordingCpSolver
from benchmarks.device_memory import Hold, limited_memories
from benchmarks.methods import Schedules
from benchmarks.peer_schedule import peer_schedule
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, Schedule
from gapweave.models.task_arrays import TaskArrays


def load(name: str) -> Schedules:
    """Return the method."""
    return partial(_schedule, name)


def _schedule(name: str, instance: Instance, setting: Setting, recorder: Recorder) -> Schedule | None:
    arrays = TaskArrays.build(instance)
    model = PyJobShopModel(arrays).model
    recording = partial(RecordingCpSolver, setting, recorder)
    with patch.object(sys.modules[CPModel.__module__], "CpSolver", recording):
        result = model.solve(solver="ortools", display=False)
    tasks = result.best.tasks
    return peer_schedule(arrays, [task.start for task in tasks], name, recorder) if tasks else None


class PyJobShopModel:
    """One step of every job; the first tasks of the model are the nodes of the task graph, in order."""

    def __init__(self, arrays: TaskArrays) -> None:
        self.arrays = arrays
        self.model = pyjobshop.Model()
        self.machines = [self.model.add_machine() for _ in arrays.instance.devices]
        self.tasks = [self._task(node) for node in range(arrays.node_count)]
        self._order_microbatches()
        self._respect_precedences()
        self._respect_memory()
        self.model.set_objective(weight_makespan=1)

    def _task(self, node: int) -> pyjobshop.Task:
        """A task with one mode: its device; milestones need none."""
        arrays = self.arrays
        release = arrays.instance.jobs[int(arrays.job[node])].release
        task = self.model.add_task(earliest_start=release)
        device = int(arrays.device[node])
        machines = [self.machines[device]] if device >= 0 else []
        self.model.add_mode(task, machines, int(arrays.duration[node]))
        return task

    def _order_microbatches(self) -> None:
        """Microbatch k ends before microbatch k + 1 of the same job, kind and stage starts."""
        for block in self.arrays.blocks:
            for node in block.nodes[1:]:
                self.model.add_end_before_start(self.tasks[node - 1], self.tasks[node])

    def _respect_precedences(self) -> None:
        """A task waits for its inputs and their transfers."""
        arrays = self.arrays
        edges = zip(
            arrays.edge_source.tolist(), arrays.edge_target.tolist(), arrays.edge_lag.tolist(), strict=True
        )
        for before, after, lag in edges:
            self.model.add_end_before_start(self.tasks[before], self.tasks[after], lag)

    def _respect_memory(self) -> None:
        """What is held on a device fits at any moment."""
        for memory in limited_memories(self.arrays):
            resource = self.model.add_renewable(memory.capacity)
            for hold in memory.holds:
                self._hold(hold, resource)

    def _hold(self, hold: Hold, resource: pyjobshop.Renewable) -> None:
        held = self.model.add_task(allow_idle=True)
        least = int(self.arrays.duration[hold.claim] + self.arrays.duration[hold.release])
        self.model.add_mode(held, resource, least, hold.amount)
        self.model.add_start_at_start(self.tasks[hold.claim], held)
        self.model.add_end_at_end(self.tasks[hold.release], held)
