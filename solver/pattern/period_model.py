"""The CP-SAT model of one period of a cyclic schedule.

Notation: ``t`` start, ``d`` duration, ``l`` lag of a transfer, ``T`` period. On each device the phase ``o``
in [0, T) of a task counts from the start of one chosen task there, so that no task wraps around:
``t = t_chosen + o + T q``, with q the task's *turn*.

References
----------
C. Hanen, A. Munier, "Cyclic scheduling on parallel processors: an overview" (1995), in Scheduling Theory and
Its Applications: the cyclic job shop with start, phase and period index.
"""

from collections import defaultdict
from math import gcd

from ortools.sat.python import cp_model

from gapweave.models.task_arrays import B, Block, F, TaskArrays, W
from gapweave.solver.cpsat.interruptible import solve_until
from gapweave.solver.cpsat.solvers import deciding
from gapweave.solver.held_memory import held_amounts
from gapweave.solver.pattern.pattern import Lane, Pattern
from gapweave.solver.room import free_capacities
from gapweave.solver.stopping import Stopping


class PeriodModel:
    """One period of fixed length, and in it the time from each microbatch's first task to its last.

    Parameters
    ----------
    arrays
        The tasks; only blocks of F, B and W of the first step matter.
    counts
        Microbatches of each job in the period.
    period
        Its length in ticks.
    """

    def __init__(self, arrays: TaskArrays, counts: tuple[int, ...], period: int) -> None:
        self.arrays = arrays
        self.counts = counts
        self.period = period
        self.cp_model = cp_model.CpModel()
        self.blocks = [block for block in arrays.blocks if block.kind in (F, B, W) and not block.step]
        longest = max(len(job.stages) for job in arrays.instance.jobs)
        self._horizon = period * (6 * longest + 6)
        self.start: dict[Lane, list[cp_model.IntVar]] = {}
        self.phase: dict[Lane, list[cp_model.IntVar]] = {}
        self.turn: dict[Lane, list[cp_model.IntVar]] = {}
        self._create_variables()
        self._order_microbatches()
        self._respect_precedences()
        self._run_one_task_at_a_time()
        self._respect_memory()

    def find(self, work_limit: float, seed: int, stopping: Stopping) -> Pattern | None:
        """Search for any pattern within a number of deterministic units; None if none was found."""
        solver = self._solver = deciding(seed, is_periodic=True)
        solver.parameters.max_deterministic_time = work_limit
        status = solve_until(solver, self.cp_model, lambda: bool(stopping))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        starts = {
            lane: tuple(solver.value(variable) for variable in variables)
            for lane, variables in self.start.items()
        }
        backward = {(block.job, block.stage): block.duration for block in self.blocks if block.kind == B}
        return Pattern(self.period, self.counts, starts, backward)

    def shorten(self, work_limit: float, seed: int, stopping: Stopping) -> Pattern | None:
        """Search on from what was found, for a pattern with little time from first tasks to last ones.

        So there is little to fill at the begin of a schedule, and little to drain at its end.
        """
        for index in range(len(self.cp_model.proto.variables)):
            variable = self.cp_model.get_int_var_from_proto_index(index)
            self.cp_model.add_hint(variable, self._solver.value(variable))
        latencies = []
        for block in self.blocks:
            lane = _lane(block)
            if block.kind != F and block.stage == 0:
                latencies += [
                    end - begin
                    for begin, end in zip(self.start[lane[0], F, 0], self.start[lane], strict=True)
                ]
        self.cp_model.minimize(sum(latencies))
        return self.find(work_limit, seed, stopping)

    def _create_variables(self) -> None:
        """Start, phase and turn of every task; the first task of a device has phase 0 in turn 0."""
        chosen: dict[int, cp_model.IntVar] = {}
        for block in self.blocks:
            for number in range(self.counts[block.job]):
                name = f"{_lane(block)}{number}"
                start = self.cp_model.new_int_var(0, self._horizon, f"t{name}")
                phase, turn = self._phase_and_turn(start, chosen.get(block.device), block.duration, name)
                chosen.setdefault(block.device, start)
                self.start.setdefault(_lane(block), []).append(start)
                self.phase.setdefault(_lane(block), []).append(phase)
                self.turn.setdefault(_lane(block), []).append(turn)

    def _phase_and_turn(
        self, start: cp_model.IntVar, chosen: cp_model.IntVar | None, duration: int, name: str
    ) -> tuple[cp_model.IntVar, cp_model.IntVar]:
        """Split a start by t = t_chosen + o + T q; the chosen task itself has phase 0 in turn 0."""
        model = self.cp_model
        if chosen is None:
            return model.new_constant(0), model.new_constant(0)
        turns = self._horizon // self.period
        phase = model.new_int_var(0, max(0, self.period - duration), f"o{name}")
        turn = model.new_int_var(-turns, turns, f"q{name}")
        model.add(start == chosen + phase + self.period * turn)
        return phase, turn

    def _order_microbatches(self) -> None:
        """Microbatches run in order, the last one before the first of the next period: t[k] + d <= t[k+1].

        The first forward of each job fixes which period is meant.
        """
        for block in self.blocks:
            start = self.start[_lane(block)]
            for earlier, later in zip(start, [*start[1:], start[0] + self.period], strict=True):
                self.cp_model.add(earlier + block.duration <= later)
            if block.kind == F and block.stage == 0:
                self.cp_model.add(start[0] < self.period)

    def _respect_precedences(self) -> None:
        """A task waits for its inputs: t_1 + d_1 + l <= t_2."""
        for link in self.arrays.links:
            source, target = self.arrays.blocks[link.source], self.arrays.blocks[link.target]
            if _lane(source) in self.start and _lane(target) in self.start and not target.step:
                delay = source.duration + link.lag
                for before, after in zip(self.start[_lane(source)], self.start[_lane(target)], strict=True):
                    self.cp_model.add(before + delay <= after)

    def _run_one_task_at_a_time(self) -> None:
        """No two tasks of a device overlap in phase."""
        intervals = defaultdict(list)
        for block in self.blocks:
            for phase in self.phase[_lane(block)]:
                interval = self.cp_model.new_fixed_size_interval_var(phase, block.duration, "")
                intervals[block.device].append(interval)
        for own in intervals.values():
            self.cp_model.add_no_overlap(own)

    def _respect_memory(self) -> None:
        """The microbatches alive at each phase fit.

        What is claimed at phase a of turn p and freed at phase e of turn q is alive ``q - p - 1`` times
        throughout, once more from a on, and once more until e.
        """
        for device, free in enumerate(free_capacities(self.arrays.instance)):
            if free is None:
                continue
            holds = self._holds(device)
            scale = gcd(*(amount for *_, amount in holds))
            throughout: list[cp_model.LinearExprT] = []
            intervals, demands = [], []
            for lane, release, amount in holds:
                ended = next(block for block in self.blocks if _lane(block) == release).duration
                for number in range(self.counts[lane[0]]):
                    claimed, freed = self.phase[lane][number], self.phase[release][number] + ended
                    turns = self.turn[release][number] - self.turn[lane][number] - 1
                    throughout.append((amount // scale) * turns)
                    intervals += [self._from(claimed), self._until(freed)]
                    demands += [amount // scale] * 2
            if holds:
                base = self.cp_model.new_int_var(-(2**40), free // scale, f"c{device}")
                self.cp_model.add(base == sum(throughout))
                self.cp_model.add_cumulative(intervals, demands, free // scale - base)

    def _from(self, phase: cp_model.LinearExprT) -> cp_model.IntervalVar:
        size = self.cp_model.new_int_var(0, self.period, "")
        return self.cp_model.new_interval_var(phase, size, self.period, "")

    def _until(self, phase: cp_model.LinearExprT) -> cp_model.IntervalVar:
        size = self.cp_model.new_int_var(0, self.period, "")
        return self.cp_model.new_interval_var(0, size, phase, "")

    def _holds(self, device: int) -> list[tuple[Lane, Lane, int]]:
        """Return (claiming lane, freeing lane, amount) of what a microbatch holds on each stage there."""
        return [
            ((block.job, claim, block.stage), (block.job, release, block.stage), amount)
            for block in self.blocks
            if block.kind == F and block.device == device
            for claim, release, amount in held_amounts(
                self.arrays.instance.jobs[block.job].stages[block.stage]
            )
            if amount
        ]


def _lane(block: Block) -> Lane:
    return block.job, block.kind, block.stage
