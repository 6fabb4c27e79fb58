"""CP-SAT over one period: neither more turns nor jobs in any order find a shorter one."""

from typing import Any

import pytest
from ortools.sat.python import cp_model
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.placement import placed
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, orders_of
from gapweave.solver.steady.window_model import WindowModel
from gapweave.solver.stopping import Stopping


class WideModel(WindowModel):
    """The same without what is said to lose nothing."""

    def _turns(self, node: int) -> range:
        return range(-4, 6)

    def _order_jobs(self) -> None:
        pass


def job(stages: int, microbatches: int, **stage: Any) -> dict[str, Any]:
    own = uniform_job(stages, microbatches)
    return own | {"stages": [fields | stage for fields in own["stages"]]}


ELSEWHERE = {"device": 1, "forward": 2, "backward": 1}
INSTANCES: dict[str, tuple[Instance, tuple[int, ...]]] = {
    "one job, two steps": (make_instance(job(3, 2), devices=3), (2,)),
    "one job with optimizers": (make_instance(job(3, 2, optimizer=2, weight=1), devices=3), (1,)),
    "a barrier": (make_instance(job(2, 2, optimizer=1) | {"optimizer_barrier": True}, devices=2), (2,)),
    "opposed": (placed(make_instance(job(3, 2), job(3, 2), devices=3), "reversed"), (1, 1)),
    "equal jobs, little memory": (make_instance(job(3, 2), job(3, 2), devices=3, capacity=2), (1, 1)),
    "unequal steps": (make_instance(job(2, 2), job(2, 1), devices=2), (1, 2)),
    "no device in common": (
        make_instance(
            job(1, 2), job(2, 2) | {"stages": [{"device": 1, "forward": 2, "backward": 1}]}, devices=2
        ),
        (1, 1),
    ),
}


def least(model: type[WindowModel], instance: Instance, steps: tuple[int, ...]) -> float:
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(instance, steps))
    construct(graph, incumbent, Stopping(2.0), 0)
    best = incumbent.best
    assert best is not None
    posed = model(graph, 1, best.period, best.timed, orders_of(graph, best.timed))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(posed.cp_model) == cp_model.OPTIMAL
    return solver.objective_value


@pytest.mark.parametrize("name", INSTANCES)
def test_more_turns_and_jobs_in_any_order_find_no_shorter_period(name: str) -> None:
    assert least(WindowModel, *INSTANCES[name]) == least(WideModel, *INSTANCES[name])
