"""CP-SAT over one period: neither more turns nor jobs in any order find a shorter one."""

from typing import Any

import numpy as np
import pytest
from ortools.sat.python import cp_model
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.placement import placed
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.reach import Precedence, Reach
from gapweave.solver.steady.window_model import WindowModel
from gapweave.solver.stopping import Stopping


class NoReach(Reach):
    """Nothing is known of how far tasks are apart."""

    def seen_from(self, first: int, cell: Cell) -> tuple[Int64Array, Int64Array]:
        nodes = len(self._distances(first)[0])
        least, most = (np.full(nodes, sign * 4 * self.period) for sign in (-1, 1))
        least[first] = most[first] = 0
        return least, most


class WideModel(WindowModel):
    """The same without what is said to lose nothing."""

    def _turns(self, earliest: int, latest: int, duration: int) -> list[int]:
        return list(range(-4, 6))

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


def near_best(instance: Instance, steps: tuple[int, ...]) -> SteadyIncumbent:
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(instance, steps))
    construct(graph, incumbent, Stopping(2.0), 0)
    return incumbent


def least(model: type[WindowModel], reach: type[Reach], instance: Instance, steps: tuple[int, ...]) -> float:
    incumbent = near_best(instance, steps)
    graph, best = incumbent.graph, incumbent.best
    assert best is not None
    own = reach(Precedence(graph), best.period)
    posed = model(graph, own, Cell.whole(graph, best.period), 1)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(posed.cp_model) == cp_model.OPTIMAL
    return solver.objective_value


@pytest.mark.parametrize("name", INSTANCES)
def test_more_turns_and_jobs_in_any_order_find_no_shorter_period(name: str) -> None:
    assert least(WindowModel, Reach, *INSTANCES[name]) == least(WideModel, NoReach, *INSTANCES[name])


def test_cut_in_half_a_cell_loses_no_begin() -> None:
    cell = Cell((0, 9, 18), ((0, 0), (3, 10), (0, 4)), are_equal=False)
    halves = cell.halves()
    assert [half.begins for half in halves] == [((0, 0), (3, 6), (0, 4)), ((0, 0), (7, 10), (0, 4))]


@pytest.mark.parametrize("name", INSTANCES)
def test_the_best_schedule_keeps_to_the_reach_of_its_period(name: str) -> None:
    best = near_best(*INSTANCES[name])
    assert best.best is not None
    graph, timed = best.graph, best.best.timed
    cell = Cell.whole(graph, timed.period)
    reach = Precedence(graph).reach(timed.period, cell)
    assert reach is not None
    for opening in cell.openings:
        least_after, most_after = reach.seen_from(opening, cell)
        own = graph.arrays.job == graph.arrays.job[opening]
        after = timed.starts - timed.starts[opening]
        assert (least_after <= after)[own].all()
        assert (after <= most_after)[own].all()
