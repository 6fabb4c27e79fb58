"""CP-SAT's solvers, with the parameters that each use has been measured to need."""

from gapweave.solver.cpsat.isolated import IsolatedSolver
from gapweave.solver.stopping import Stopping

#: CP-SAT's seeds are 32-bit integers with a sign.
_SEEDS = 2**31
#: Where seconds count, a question takes no more of them per deterministic unit: on some models CP-SAT's units
#: pass too slowly, a hundred seconds each.
_SECONDS_PER_UNIT = 40.0
#: Seconds per node that presolve may take beyond that.
_PRESOLVE = 1e-4


def searching(workers: int, seed: int, work_limit: float | None = None) -> IsolatedSolver:
    """Return a solver that leaves signals alone and stops after ``work_limit`` deterministic units."""
    solver = IsolatedSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed % _SEEDS
    solver.parameters.catch_sigint_signal = False
    if work_limit is not None:
        solver.parameters.max_deterministic_time = work_limit
    return solver


def deciding(seed: int, *, is_periodic: bool = False) -> IsolatedSolver:
    """Return a solver that branches on which of two tasks of a device comes first.

    Measured: with CP-SAT's default, which branches on bounds of starts, hardly any question is answered.
    OR-Tools 9.15 fails with the newer propagation of linear constraints on periods where memory is limited,
    with the older one on tiny makespans, much more often than the other way round: so periods have the older,
    makespans the newer one.
    """
    solver = searching(1, seed)
    solver.parameters.linearization_level = 0
    solver.parameters.new_linear_propagation = not is_periodic
    solver.parameters.use_dynamic_precedence_in_disjunctive = True
    solver.parameters.use_precedences_in_disjunctive_constraint = False
    return solver


def limit(solver: IsolatedSolver, units: float, nodes: int, stopping: Stopping) -> None:
    """Give a solver so many deterministic units for a model of so many nodes, and no time without end."""
    solver.parameters.max_deterministic_time = units
    if stopping.time_limit is not None:
        seconds = _SECONDS_PER_UNIT * units + _PRESOLVE * nodes
        solver.parameters.max_time_in_seconds = min(seconds, stopping.remaining)
