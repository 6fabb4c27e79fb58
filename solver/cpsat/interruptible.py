"""Running CP-SAT in a thread of its own, so that deadlines and signals reach the main thread meanwhile.

The threads are no daemons: a process that ends while CP-SAT returns into a daemon thread is aborted. So the
process, at its very end, waits for those that were left behind.
"""

import threading
from collections.abc import Callable

from ortools.sat.python import cp_model

#: Seconds that CP-SAT may take to return once it was told to stop; then it is left behind.
_PATIENCE = 0.3
_POLL = 0.05


def solve_until(
    solver: cp_model.CpSolver,
    model: cp_model.CpModel,
    should_stop: Callable[[], bool],
    on_solution: cp_model.CpSolverSolutionCallback | None = None,
) -> cp_model.CpSolverStatus | None:
    """Solve a model until CP-SAT ends or ``should_stop`` says so; returns its status.

    None means that CP-SAT did not return in time and was left behind: what it still reports must not count.
    """
    outcome: list[cp_model.CpSolverStatus] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(solver.solve(model, on_solution))
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=work, name="cp-sat")
    thread.start()
    try:
        while thread.is_alive() and not should_stop():
            thread.join(_POLL)
    finally:
        solver.stop_search()
        thread.join(_PATIENCE)
    if failures:
        raise failures[0]
    return outcome[0] if outcome and not thread.is_alive() else None
