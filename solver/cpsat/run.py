"""Running CP-SAT on a model: incumbents and bounds flow out while it works, and it stops when asked to."""

import threading

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import Infeasible, InternalError
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.cpsat.interruptible import solve_until
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
        The solver calls a problem infeasible for which a schedule is known, or refuses the model.
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
    """One CP-SAT search; what it reports after it was left behind does not count."""

    def __init__(self, solver: cp_model.CpSolver, model: ScheduleModel, incumbent: Incumbent) -> None:
        self.solver = solver
        self.model = model
        self.incumbent = incumbent
        self.status: cp_model.CpSolverStatus | None = None
        self._lock = threading.Lock()
        self._abandoned = False

    def run(self, stopping: Stopping) -> None:
        """Search until the end, or a little after it is time to stop."""
        self.solver.best_bound_callback = self._on_bound
        try:
            self.status = solve_until(
                self.solver,
                self.model.cp_model,
                lambda: bool(stopping) or self.incumbent.is_optimal,
                _OnSolution(self),
            )
        finally:
            with self._lock:
                self._abandoned = True

    def on_solution(self, starts: Int64Array) -> None:
        with self._lock:
            if not self._abandoned:
                self.incumbent.offer(starts, "cp-sat")

    def _on_bound(self, bound: float) -> None:
        with self._lock:
            if not self._abandoned:
                self.incumbent.raise_bound(round(bound), Bound(argument=SEARCH))


class _OnSolution(cp_model.CpSolverSolutionCallback):
    """Hands each solution's starts to the search."""

    def __init__(self, search: _Search) -> None:
        super().__init__()
        self._search = search

    def on_solution_callback(self) -> None:
        starts = [self.value(start) for start in self._search.model.variables.start]
        self._search.on_solution(np.array(starts, dtype=np.int64))


def _judge(search: _Search, problem: Problem, incumbent: Incumbent) -> None:
    """Draw the conclusions from CP-SAT's final status."""
    if search.status == cp_model.MODEL_INVALID:
        raise InternalError(f"CP-SAT refuses the model: {search.model.cp_model.validate()}")
    if search.status == cp_model.INFEASIBLE:
        if incumbent.makespan is not None:
            raise InternalError(
                f"CP-SAT calls {problem.instance.name!r} infeasible, but a schedule of makespan "
                f"{incumbent.makespan} is known; please report this instance"
            )
        raise Infeasible("no schedule exists, proven by exhaustive search")
    if search.status == cp_model.OPTIMAL and incumbent.makespan is not None:
        incumbent.raise_bound(incumbent.makespan, Bound(argument=SEARCH))
