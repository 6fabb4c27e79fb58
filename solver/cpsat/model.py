"""The CP-SAT model of one step of every job: one method per family of constraints.

Notation: ``s`` start, ``d`` duration.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import gcd

from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.arcs import Arc, equal_job_arcs, input_arcs, microbatch_arcs, turnaround_arcs
from gapweave.solver.cpsat.variables import Variables
from gapweave.solver.equal_jobs import in_turns
from gapweave.solver.held_memory import Hold, holds_on
from gapweave.solver.memory_forms import MemoryForm
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.shaving.relaxation import Domains
from gapweave.solver.stopping import Stopping


class ScheduleModel:
    """Minimise the makespan over the starts of all free tasks.

    Parameters
    ----------
    problem
        What to schedule.
    upper_bound
        Largest makespan of interest, in ticks.
    hint
        Starts of all nodes of a known schedule, shape (nodes,); None if there is none.
    memory_form
        How memory is stated.
    cut
        Times of the nodes in schedules that end by ``upper_bound``, if more is known than heads and tails.
    """

    def __init__(
        self,
        problem: Problem,
        upper_bound: int,
        hint: Int64Array | None = None,
        memory_form: MemoryForm = "holds",
        cut: Domains | None = None,
    ) -> None:
        self.problem = problem
        self.cp_model = cp_model.CpModel()
        self.cp_model.name = problem.instance.name
        self.variables = Variables.create(self.cp_model, problem, upper_bound, cut)
        self._hint = None if hint is None else in_turns(problem, hint)
        self._upper_bound = upper_bound
        self._memory_form = memory_form

    def build(self, stopping: Stopping) -> bool:
        """Add all constraints; returns False if it was time to stop before the end."""
        families = (
            self._order_microbatches,
            self._order_equal_jobs,
            self._respect_precedences,
            self._run_one_task_at_a_time,
            self._respect_memory,
            self._limit_microbatches_in_flight,
            self._define_makespan,
            self._hint_starts,
        )
        for add_family in families:
            if stopping:
                return False
            add_family()
        return True

    def _order_microbatches(self) -> None:
        """Add `microbatch_arcs`."""
        self._add(microbatch_arcs(self.problem))

    def _order_equal_jobs(self) -> None:
        """Add `equal_job_arcs`."""
        self._add(equal_job_arcs(self.problem))

    def _respect_precedences(self) -> None:
        """Add `input_arcs`."""
        self._add(input_arcs(self.problem))

    def _add(self, arcs: Iterable[Arc]) -> None:
        """Keep starts apart: s_1 + delay <= s_2."""
        start = self.variables.start
        for source, target, delay in arcs:
            self.cp_model.add(start[source] + delay <= start[target])

    def _run_one_task_at_a_time(self) -> None:
        """No two intervals of one device overlap; pinned tasks are cut out of the domains already."""
        arrays = self.problem.arrays
        per_device: list[list[cp_model.IntervalVar]] = [[] for _ in arrays.instance.devices]
        for node, interval in self.variables.interval.items():
            per_device[arrays.device[node]].append(interval)
        for intervals in per_device:
            if len(intervals) > 1:
                self.cp_model.add_no_overlap(intervals)

    def _respect_memory(self) -> None:
        """What all microbatches hold at any moment fits."""
        limit = self._limit_holds if self._memory_form == "holds" else self._limit_level
        for device, free in enumerate(free_capacities(self.problem.instance)):
            holds = list(holds_on(self.problem.arrays, device))
            if free is not None and sum(hold.amount for hold in holds) > free:
                scale = gcd(*(hold.amount for hold in holds))
                limit([hold._replace(amount=hold.amount // scale) for hold in holds], free // scale)

    def _limit_holds(self, holds: Sequence[Hold], free: int) -> None:
        """A cumulative resource: sum of h over [s_claim, s_free + d_free) <= free."""
        intervals = [self._hold_interval(hold.claim, hold.release) for hold in holds]
        self.cp_model.add_cumulative(intervals, [hold.amount for hold in holds], free)

    def _limit_level(self, holds: Sequence[Hold], free: int) -> None:
        """A reservoir: h at all s_claim so far, less h at all s_free + d_free so far, <= free."""
        claimed, freed = Counter[int](), Counter[int]()
        for claim, release, amount in holds:
            claimed[claim] += amount
            freed[release] += amount
        start, duration = self.variables.start, self.problem.arrays.duration
        self.cp_model.add_reservoir_constraint(
            [start[node] for node in claimed] + [start[node] + int(duration[node]) for node in freed],
            [*claimed.values(), *(-amount for amount in freed.values())],
            -freed.total(),
            free,
        )

    def _hold_interval(self, claim: int, release: int) -> cp_model.IntervalVar:
        """Interval from the start of one task to the end of another."""
        start, duration = self.variables.start, int(self.problem.arrays.duration[release])
        if self.problem.is_pinned[claim]:
            fixed = int(start[release]) + duration - int(start[claim])  # type: ignore[arg-type]
            return self.cp_model.new_fixed_size_interval_var(start[claim], fixed, f"m{claim}")
        size = self.cp_model.new_int_var(0, self._upper_bound, f"h{claim}-{release}")
        if self._hint is not None:
            held = int(self._hint[release]) + duration - int(self._hint[claim])
            self.cp_model.add_hint(size, held)
        return self.cp_model.new_interval_var(
            start[claim], size, start[release] + duration, f"m{claim}-{release}"
        )

    def _limit_microbatches_in_flight(self) -> None:
        """Redundant: add `turnaround_arcs`."""
        self._add(turnaround_arcs(self.problem))

    def _define_makespan(self) -> None:
        """The makespan is no less than any end: s + d <= makespan for the last microbatch of each block."""
        makespan = self.variables.makespan
        for block in self.problem.arrays.blocks:
            self.cp_model.add(self.variables.start[block.nodes[-1]] + block.duration <= makespan)
        self.cp_model.minimize(makespan)

    def _hint_starts(self) -> None:
        """Every start and the makespan take the known schedule's values as hints."""
        if self._hint is None:
            return
        for node, start in enumerate(self.variables.start):
            if isinstance(start, cp_model.IntVar):
                self.cp_model.add_hint(start, int(self._hint[node]))
        self.cp_model.add_hint(self.variables.makespan, self.problem.makespan(self._hint))
