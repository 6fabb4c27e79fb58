"""Running CP-SAT on a model: incumbents and bounds flow out while it works, and it stops when asked to."""

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import Infeasible, InternalError
from gapweave.models.schedule import Bound
from gapweave.solver.cpsat.interruptible import solve_until
from gapweave.solver.cpsat.isolated import Assignment, IsolatedSolver
from gapweave.solver.cpsat.model import ScheduleModel
from gapweave.solver.cpsat.solvers import searching
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


def improve_and_prove(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    *,
    workers: int,
    seed: int,
    work_limit: float | None = None,
) -> None:
    """Search for better schedules and better bounds until the optimum is proven or it is time to stop.

    Raises
    ------
    Infeasible
        There is no schedule at all, proven by the search.
    InternalError
        The solver calls a problem infeasible for which a schedule is known.
    """
    incumbent.enter("cp-sat")
    upper_bound = problem.horizon if incumbent.makespan is None else incumbent.makespan
    model = ScheduleModel(problem, upper_bound, incumbent.starts)
    if not model.build(stopping):
        return
    solver = searching(workers, seed, work_limit)
    solver.parameters.num_violation_ls = 0  # measured: it costs more than it finds here
    if stopping.time_limit is not None:
        solver.parameters.max_time_in_seconds = stopping.remaining
    search = _Search(solver, model, incumbent)
    search.run(stopping)
    _judge(search, problem, incumbent)


class _Search:
    """One CP-SAT search, whose incumbents and bounds go to gapweave's own."""

    def __init__(self, solver: IsolatedSolver, model: ScheduleModel, incumbent: Incumbent) -> None:
        self.solver = solver
        self.model = model
        self.incumbent = incumbent
        self.status: cp_model.CpSolverStatus | None = None

    def run(self, stopping: Stopping) -> None:
        """Search until the end, or a little after it is time to stop."""
        self.status = solve_until(
            self.solver,
            self.model.cp_model,
            lambda: bool(stopping) or self.incumbent.is_optimal,
            self._on_solution,
            self._on_bound,
        )

    def _on_solution(self, found: Assignment) -> None:
        starts = [found.value(start) for start in self.model.variables.start]
        self.incumbent.offer(np.array(starts, dtype=np.int64), "cp-sat")

    def _on_bound(self, bound: float) -> None:
        self.incumbent.raise_bound(round(bound), Bound(argument=SEARCH))


def _judge(search: _Search, problem: Problem, incumbent: Incumbent) -> None:
    """Draw the conclusions from CP-SAT's final status."""
    if search.status == cp_model.INFEASIBLE:
        if incumbent.makespan is not None:
            raise InternalError(
                f"CP-SAT calls {problem.instance.name!r} infeasible, but a schedule of makespan "
                f"{incumbent.makespan} is known; please report this instance"
            )
        raise Infeasible("no schedule exists, proven by exhaustive search")
    if search.status == cp_model.OPTIMAL and incumbent.makespan is not None:
        incumbent.raise_bound(incumbent.makespan, Bound(argument=SEARCH))
