"""What is compared in steady state: repeated heuristics, job after job, and the solver in both modes."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

from gapweave.models.errors import Infeasible, Interrupted, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.placement import Placement
from gapweave.models.schedule import Mode, Schedule, SolverRecord
from gapweave.models.steady_state import rate_unit
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.heuristics import Heuristic, heuristic, heuristics, with_variants
from gapweave.solver.heuristics.registry import single_job_policies
from gapweave.solver.period_rows import IN_TURN, JobsAlone, PeriodRow, period_row
from gapweave.solver.primary import SOLVER
from gapweave.solver.rows import Row, RowStatus
from gapweave.solver.solve import solve
from gapweave.solver.steady.conclude import periodic_schedule
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.repeated import repeated
from gapweave.solver.timetable import rows_of, verified

#: Share of the time for scheduling each job alone, all of them together.
_ALONE_SHARE = 0.2
_STATUS: dict[type[Exception], RowStatus] = {NotApplicable: "not-applicable", Infeasible: "infeasible"}


class PeriodRuns:
    """The runs on one placed instance.

    Parameters
    ----------
    options
        Those of `solve`, with a time limit for all its runs together.
    """

    def __init__(self, instance: Instance, placement: Placement, options: dict[str, Any]) -> None:
        self.instance = instance
        self.placement = placement
        several = len(instance.jobs) > 1
        self.modes: tuple[Mode, ...] = ("joint", "fill") if several else ("joint",)
        share = _ALONE_SHARE if several else 0.5
        self._alone_options = options | {"time_limit": options["time_limit"] * share / len(instance.jobs)}
        left = options["time_limit"] * (1 - share)
        self._options = options | {"time_limit": left / len(self.modes)}
        self.graph = CyclicGraph.build(instance)
        self.alone = JobsAlone(instance, ())

    def of(self, methods: Sequence[str] | None) -> list[Callable[[], Row]]:
        """Return one function per row; raises InvalidOption at once if a method does not exist."""
        several = len(self.instance.jobs) > 1
        usual = (*(with_variants() if several else heuristics()), *((IN_TURN,) if several else ()), SOLVER)
        runs: list[Callable[[], Row]] = []
        for name in methods or usual:
            if name == SOLVER:
                runs += [partial(self._solver, mode) for mode in self.modes]
            elif name == IN_TURN:
                runs.append(lambda: self.alone.in_turn(self.placement))
            else:
                runs.append(partial(self._heuristic, heuristic(name)))
        return runs

    def solve_alone(self) -> None:
        """Find the best period of each job alone, by which all rows are judged."""
        self.alone = JobsAlone.of(self.instance, self._solved_alone)

    def _solved_alone(self, own: Instance) -> Schedule:
        try:
            return solve(own, objective="period", **self._alone_options)
        except NothingFound:  # in very little time
            runs = PeriodRuns(own, "given", self._options)
            found = [run().schedule for run in runs.of(list(single_job_policies()))]
            return min(filter(None, found), key=lambda schedule: schedule.value)

    def _without(self, method: str, mode: Mode, status: RowStatus, reason: str) -> Row:
        unit = rate_unit(self.instance)
        return PeriodRow(method, mode, status, self.placement, reason=reason, rate_unit=unit)

    def _heuristic(self, method: Heuristic) -> Row:
        """Repeat the orders of one step."""
        try:
            plan = method.plan(self.graph.arrays)
        except NotApplicable as exc:
            return self._without(method.name, "joint", "not-applicable", str(exc))
        found = repeated(self.graph, plan.starts)
        if found is None:
            reason = "its steps cannot follow each other within the memory"
            return self._without(method.name, "joint", "not-applicable", reason)
        schedule = periodic_schedule(
            self.graph,
            rows_of(self.graph.arrays, found.starts),
            found.period,
            self._bound,
            SolverRecord(name=method.name),
            placement=self.placement,
        )
        return period_row(method.name, verified(schedule))

    @cached_property
    def _bound(self) -> ProvenBound:
        """What bounds every row in which each job does one step per period."""
        return period_bound(self.instance, self.graph.arrays.steps)

    def _solver(self, mode: Mode) -> Row:
        own = self._options | {"mode": mode}
        if mode == "fill" and self.alone.schedules:
            own["primary"] = self.alone.schedules[0]
        try:
            schedule = solve(self.instance, objective="period", **own)
        except (NotApplicable, Infeasible, NothingFound, Interrupted) as exc:
            return self._without(SOLVER, mode, _STATUS.get(type(exc), "unknown"), str(exc))
        return period_row(SOLVER, schedule.model_copy(update={"placement": self.placement}))
