"""Plain CP-SAT: the model that a user of CP-SAT writes first, without hints, bounds or redundant constraints.

Notation: ``s`` start, ``d`` duration, ``l`` lag of a transfer, ``k`` number of a microbatch.
"""

from functools import partial

from ortools.sat.python import cp_model

from benchmarks.cp_sat_recording import RecordingCpSolver
from benchmarks.device_memory import Hold, limited_memories
from benchmarks.methods import Schedules
from benchmarks.peer_schedule import peer_schedule
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, Schedule
from gapweave.models.task_arrays import TaskArrays

ANY_ORDER = "cp-sat-any-order"


def load(name: str) -> Schedules:
    """Return the method with microbatches in the order of their numbers, or in any order."""
    return partial(_schedule, name)


def _schedule(name: str, instance: Instance, setting: Setting, recorder: Recorder) -> Schedule | None:
    arrays = TaskArrays.build(instance)
    model = PlainModel(arrays, order_microbatches=name != ANY_ORDER)
    solver = RecordingCpSolver(setting, recorder)
    if solver.solve(model.cp_model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return peer_schedule(arrays, [solver.value(start) for start in model.start], name, recorder)


class PlainModel:
    """Minimise the makespan of one step of every job.

    Parameters
    ----------
    order_microbatches
        Microbatches of one job are interchangeable; fixing their order removes equivalent schedules.
    """

    def __init__(self, arrays: TaskArrays, *, order_microbatches: bool) -> None:
        self.arrays = arrays
        self.cp_model = cp_model.CpModel()
        self.horizon = arrays.instance.horizon
        self.duration = arrays.duration.tolist()
        self.start = [self._start(node) for node in range(arrays.node_count)]
        if order_microbatches:
            self._order_microbatches()
        self._respect_precedences()
        self._run_one_task_at_a_time()
        self._respect_memory()
        self._minimize_makespan()

    def _start(self, node: int) -> cp_model.IntVar:
        release = self.arrays.instance.jobs[int(self.arrays.job[node])].release
        return self.cp_model.new_int_var(release, self.horizon, f"s{node}")

    def _interval(self, node: int) -> cp_model.IntervalVar:
        return self.cp_model.new_fixed_size_interval_var(self.start[node], self.duration[node], f"t{node}")

    def _order_microbatches(self) -> None:
        """Microbatches run in the order of their numbers: s[k] + d <= s[k+1] per job, kind and stage."""
        for block in self.arrays.blocks:
            for node in block.nodes[1:]:
                self.cp_model.add(self.start[node - 1] + block.duration <= self.start[node])

    def _respect_precedences(self) -> None:
        """A task waits for its inputs: s_1 + d_1 + l <= s_2."""
        arrays = self.arrays
        edges = zip(
            arrays.edge_source.tolist(), arrays.edge_target.tolist(), arrays.edge_lag.tolist(), strict=True
        )
        for before, after, lag in edges:
            self.cp_model.add(self.start[before] + self.duration[before] + lag <= self.start[after])

    def _run_one_task_at_a_time(self) -> None:
        """The intervals [s, s + d) of a device's tasks do not overlap."""
        for device in range(len(self.arrays.instance.devices)):
            tasks = (self.arrays.device == device).nonzero()[0].tolist()
            self.cp_model.add_no_overlap([self._interval(node) for node in tasks])

    def _respect_memory(self) -> None:
        """What is held at any moment fits: sum of amounts over [s_claim, s_free + d_free) <= capacity."""
        for memory in limited_memories(self.arrays):
            intervals = [self._held(hold) for hold in memory.holds]
            amounts = [hold.amount for hold in memory.holds]
            self.cp_model.add_cumulative(intervals, amounts, memory.capacity)

    def _held(self, hold: Hold) -> cp_model.IntervalVar:
        name = f"h{hold.claim}-{hold.release}"
        size = self.cp_model.new_int_var(0, self.horizon, name)
        end = self.start[hold.release] + self.duration[hold.release]
        return self.cp_model.new_interval_var(self.start[hold.claim], size, end, name)

    def _minimize_makespan(self) -> None:
        """The makespan is the latest end: s + d <= makespan."""
        makespan = self.cp_model.new_int_var(0, self.horizon, "makespan")
        for start, duration in zip(self.start, self.duration, strict=True):
            self.cp_model.add(start + duration <= makespan)
        self.cp_model.minimize(makespan)
