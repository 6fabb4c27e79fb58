"""CP-SAT over the whole period: better schedules, and the proof that no shorter period exists."""

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import InternalError
from gapweave.models.schedule import Bound
from gapweave.solver.cpsat.interruptible import searching, solve_until
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found, orders_of
from gapweave.solver.steady.retime import Timed
from gapweave.solver.steady.window_model import WindowModel
from gapweave.solver.stopping import Stopping


def prove(
    graph: CyclicGraph,
    incumbent: SteadyIncumbent,
    stopping: Stopping,
    *,
    workers: int,
    seed: int,
    work_limit: float | None = None,
) -> None:
    """Search all periods below the best one; an exhausted search proves the best one the least."""
    best = incumbent.best
    assert best is not None
    incumbent.enter("cp-sat")
    model = WindowModel(
        graph, incumbent.proven.value, best.period - 1, best.timed, orders_of(graph, best.timed)
    )
    solver = searching(workers, seed, work_limit)
    status = solve_until(solver, model.cp_model, lambda: bool(stopping))
    if status == cp_model.MODEL_INVALID:
        raise InternalError(f"CP-SAT refuses the model: {model.cp_model.validate()}")
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        starts = np.array([solver.value(start) for start in model.start], dtype=np.int64)
        result = Timed(solver.value(model.period), starts - starts[: graph.arrays.task_count].min())
        incumbent.offer(found(graph, result, "cp-sat"))
    if status in (cp_model.OPTIMAL, cp_model.INFEASIBLE):
        assert incumbent.period is not None
        incumbent.raise_bound(incumbent.period, Bound(argument=SEARCH))
