"""Running CP-SAT in a thread of its own, so that deadlines and signals reach the main thread meanwhile."""

import threading
from collections.abc import Callable

from ortools.sat.python import cp_model

from gapweave.solver.cpsat.isolated import PATIENCE, Assignment, IsolatedSolver

_POLL = 0.05


def solve_until(
    solver: IsolatedSolver,
    model: cp_model.CpModel,
    should_stop: Callable[[], bool],
    on_solution: Callable[[Assignment], None] | None = None,
    on_bound: Callable[[float], None] | None = None,
) -> cp_model.CpSolverStatus | None:
    """Solve a model until CP-SAT ends or ``should_stop`` says so; returns its status.

    None means that CP-SAT failed, or did not return in time.
    """
    outcome: list[cp_model.CpSolverStatus | None] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(solver.solve(model, on_solution, on_bound))
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=work, name="cp-sat")
    thread.start()
    try:
        while thread.is_alive() and not should_stop():
            thread.join(_POLL)
    finally:
        solver.stop_search()
        thread.join(PATIENCE)
        solver.kill()
        thread.join()
    if failures:
        raise failures[0]
    return outcome[0]
