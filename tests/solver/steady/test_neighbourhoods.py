"""Large neighbourhoods of periodic schedules: what is kept, what is freed, and what is found."""

from random import Random

import numpy as np
import pytest
from schedule_factory import make_instance as instance_of
from schedule_factory import uniform_job

from gapweave import solve
from gapweave.instances.generator import make_instance
from gapweave.models.instance import Instance
from gapweave.models.placement import placed
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, orders_of
from gapweave.solver.steady.kept_orders import PeriodicStep
from gapweave.solver.steady.lns import improve_by_neighbourhoods
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.neighbourhood_choice import NeighbourhoodChoice
from gapweave.solver.steady.neighbourhoods import SHAPES, Mask, Shape
from gapweave.solver.steady.reach import Precedence
from gapweave.solver.stopping import Stopping

PAIR = make_instance(devices=4, microbatches=(6, 5), transfer=150, memory_microbatches=5, seed=3)
SINGLE = make_instance(devices=4, microbatches=(6,), split=True, memory_microbatches=3, seed=4)
TIGHT = make_instance(
    devices=4, microbatches=(8, 7), transfer=150, memory_microbatches=6, reversed_order=True, seed=5
)
OPPOSED = placed(instance_of(uniform_job(4, 4), uniform_job(4, 4), devices=4), "reversed")


def started(instance: Instance) -> SteadyIncumbent:
    steps = (1,) * len(instance.jobs)
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(instance, steps))
    construct(graph, incumbent, Stopping(), 0)
    return incumbent


def step_of(incumbent: SteadyIncumbent) -> PeriodicStep:
    assert incumbent.best is not None
    return PeriodicStep.of(incumbent.graph, incumbent.best.timed)


STEPS = {"a pair": step_of(started(PAIR)), "one job": step_of(started(SINGLE))}


def searched(instance: Instance, *, work: float, fruitless: int = 150) -> SteadyIncumbent:
    incumbent = started(instance)
    choice = NeighbourhoodChoice(incumbent.graph.arrays.task_count, 0)
    improve_by_neighbourhoods(incumbent, choice, Stopping(), workers=1, work_limit=work, fruitless=fruitless)
    return incumbent


def drawn(step: PeriodicStep, shape: Shape, seed: int) -> Mask:
    return shape(step, Random(seed), 10)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_neighbourhood_frees_some_tasks_and_not_more_than_asked_for(
    step: PeriodicStep, shape: Shape
) -> None:
    for seed in range(20):
        free = drawn(step, shape, seed)
        assert free.shape == (step.graph.arrays.task_count,)
        assert 1 <= free.sum() <= 10


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_schedule_itself_lies_within_the_reach_of_what_is_kept(step: PeriodicStep, shape: Shape) -> None:
    for seed in range(10):
        kept = step.without(drawn(step, shape, seed))
        cell = Cell.whole(kept, step.period, in_turns=False)
        reach = Precedence(kept).reach(step.period, cell)
        assert reach is not None
        for root in (*cell.openings, seed):
            least, most = reach.seen_from(root, cell)
            after = step.starts - step.starts[root]
            assert (least <= after).all()
            assert (after <= most).all()


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_if_all_orders_are_kept_the_period_cannot_become_shorter(step: PeriodicStep) -> None:
    kept = step.without(np.zeros(step.graph.arrays.task_count, dtype=np.bool_))
    shorter = step.period - 1
    assert Precedence(kept).reach(shorter, Cell.whole(kept, shorter, in_turns=False)) is None


def test_if_all_tasks_are_free_no_order_is_kept() -> None:
    graph = STEPS["a pair"].graph
    kept = STEPS["a pair"].without(np.ones(graph.arrays.task_count, dtype=np.bool_))
    assert len(kept.source) == len(graph.source)


def test_every_job_begins_within_a_period_of_the_first_one() -> None:
    step = STEPS["a pair"]
    first, second = Cell.whole(step.graph, step.period).openings
    assert step.starts[first] == 0
    assert 0 <= step.starts[second] < step.period


def test_nothing_is_found_below_the_least_period() -> None:
    assert searched(OPPOSED, work=0.3, fruitless=40).period == 27


def test_what_is_found_is_better_and_keeps_memory() -> None:
    before, after = started(TIGHT), searched(TIGHT, work=0.15)
    assert before.period is not None
    assert after.best is not None
    assert after.best.period < before.period
    assert fits(after.graph, orders_of(after.graph, after.best.timed))


def test_the_same_work_finds_the_same_schedule() -> None:
    one, other = (searched(TIGHT, work=0.05).best for _ in range(2))
    assert one is not None
    assert other is not None
    assert (one.timed.starts == other.timed.starts).all()


def test_a_search_that_finds_nothing_ends() -> None:
    incumbent = started(OPPOSED)
    choice = NeighbourhoodChoice(incumbent.graph.arrays.task_count, 1)
    improve_by_neighbourhoods(incumbent, choice, Stopping(), workers=2, fruitless=5)
    assert incumbent.period == 27


def test_a_solve_without_a_deadline_ends_and_is_the_same_every_time() -> None:
    one, other = (solve(PAIR, objective="period", time_limit=None, work_limit=0.05, workers=1) for _ in "12")
    assert one.tasks == other.tasks
