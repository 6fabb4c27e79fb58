"""Large-neighbourhood search by windows: what it keeps, and that its small models say the truth."""

from random import Random

import pytest
from brute_force import least_makespan
from hypothesis import given
from hypothesis import strategies as st
from ortools.sat.python import cp_model
from random_problems import costly_law, instances
from tiny_instances import TinyCase, tiny_case

from gapweave.models.errors import Infeasible, NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, SolverRecord
from gapweave.models.task import Task
from gapweave.models.task_arrays import Int64Array
from gapweave.models.verify import verify
from gapweave.solver.cpsat import improve_by_windows
from gapweave.solver.cpsat.neighbourhoods import SHAPES, Shape, Window
from gapweave.solver.cpsat.window_model import Demand, Goal, WindowModel
from gapweave.solver.device_orders import DeviceOrders, OrderGraph
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import alone, best_alone, in_turn
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

#: A pair that the first heuristics leave well above its bound.
PAIR = "fusion-02-cap"


def one_by_one(problem: Problem) -> Int64Array:
    """Starts of a schedule that runs the jobs one after the other, the primary as it is promised."""
    instance = problem.instance
    return in_turn(problem.arrays, [best_alone(instance, job) for job in range(len(instance.jobs))])


def posed(case: TinyCase) -> tuple[Problem, Int64Array]:
    """A tiny problem, and the starts of a poor schedule of it (Infeasible, NotApplicable)."""
    refuse_impossible_memory(case.instance)
    own = alone(case.instance, 0, heuristic(case.policy))
    problem = Problem(case.instance, case.mode, own.as_primary() if case.mode == "fill" else None)
    others = [best_alone(case.instance, job) for job in range(1, len(case.instance.jobs))]
    return problem, in_turn(problem.arrays, [own, *others])


def offered(problem: Problem, starts: Int64Array) -> Incumbent:
    incumbent = Incumbent(problem, Stopping(None))
    assert incumbent.offer(starts, "test")
    return incumbent


def whole(orders: DeviceOrders) -> Window:
    """A window with all tasks."""
    device = orders.graph.fixed.device[orders.order]
    cuts = [place for place in range(1, len(device)) if device[place] != device[place - 1]]
    return Window(orders, tuple(zip([0, *cuts], [*cuts, len(device)], strict=True)))


def improved(window: Window, demand: Demand) -> DeviceOrders | None:
    """The schedule that CP-SAT finds for a window; None if it proves that there is none."""
    model = WindowModel(window, demand, Random(0))
    cp, solver = model.build(), cp_model.CpSolver()
    if cp is None:
        return None
    solver.parameters.num_workers = 1
    status = solver.solve(cp)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    if status == cp_model.INFEASIBLE:
        return None
    orders = window.orders.with_segments(*model.answer(solver))
    assert orders is not None
    return orders


def is_valid(problem: Problem, starts: Int64Array) -> bool:
    return verify(make_schedule(problem, starts, SolverRecord(name="windows"), verify_it=False)) == []


@pytest.mark.parametrize("first", range(0, 150, 25))
def test_a_window_with_all_tasks_is_improved_until_exhaustive_search_finds_nothing_better(first: int) -> None:
    for seed in range(first, first + 25):
        case = tiny_case(seed)
        try:
            problem, starts = posed(case)
        except (Infeasible, NotApplicable):
            continue
        best: DeviceOrders | None = None
        orders = OrderGraph(problem).read(starts)
        while orders is not None and (best is None or orders.makespan < best.makespan):
            best = orders
            assert is_valid(problem, best.starts), f"seed {seed}"
            orders = improved(whole(best), Demand(Goal.SHORTER, 1, 1.0))
        promised = () if problem.primary is None else problem.primary.tasks or ()
        pinned = {Task(0, 0, kind, s, m): start for kind, s, m, start in promised}
        assert best is not None
        assert best.makespan == least_makespan(case.instance, pinned), f"seed {seed}"


@costly_law
@given(instances(), st.sampled_from(SHAPES), st.sampled_from(Goal), st.integers(0, 99))
def test_every_window_leaves_a_valid_schedule_that_is_no_worse(
    instance: Instance, shape: Shape, goal: Goal, seed: int
) -> None:
    problem, rng = Problem(instance), Random(seed)
    orders = OrderGraph(problem).read(one_by_one(problem))
    assert orders is not None
    window = shape(orders, rng, rng.randint(1, instance.task_count))
    better = window and improved(window, Demand(goal, rng.randint(1, 5), 0.5))
    if better:
        assert better.makespan <= orders.makespan
        assert is_valid(problem, better.starts)


@costly_law
@given(instances(), st.sampled_from(SHAPES), st.integers(0, 99))
def test_a_window_frees_consecutive_tasks_of_each_device(instance: Instance, shape: Shape, seed: int) -> None:
    rng = Random(seed)
    problem = Problem(instance)
    orders = OrderGraph(problem).read(one_by_one(problem))
    assert orders is not None
    window = shape(orders, rng, rng.randint(1, instance.task_count))
    if window is not None:
        devices = [set(problem.arrays.device[window.nodes(part)].tolist()) for part in window.parts]
        assert all(len(found) == 1 for found in devices)
        assert len(set().union(*devices)) == len(window.parts)
        assert not set(window.inside) & set(window.between)


@costly_law
@given(instances(), st.booleans())
def test_the_search_keeps_every_rule_and_never_worsens(instance: Instance, is_fill: bool) -> None:
    own = best_alone(instance, 0)
    problem = Problem(instance, "fill", own.as_primary()) if is_fill else Problem(instance)
    incumbent = offered(problem, one_by_one(problem))
    first = incumbent.makespan
    improve_by_windows(problem, incumbent, Stopping(None), workers=1, seed=0, work_limit=0.02)
    assert incumbent.starts is not None
    assert incumbent.makespan is not None
    assert first is not None
    assert incumbent.makespan <= first
    assert is_valid(problem, incumbent.starts)


@costly_law
@given(instances(), st.integers(0, 20))
def test_the_primarys_limit_is_kept(instance: Instance, slack: int) -> None:
    own = best_alone(instance, 0)
    primary = Primary(source="test", makespan=own.makespan, limit=own.makespan + slack)
    problem = Problem(instance, "joint", primary)
    incumbent = offered(problem, one_by_one(problem))
    improve_by_windows(problem, incumbent, Stopping(None), workers=1, seed=0, work_limit=0.02)
    assert incumbent.starts is not None
    assert problem.job_makespan(incumbent.starts, 0) <= own.makespan + slack


def searched(seed: int) -> tuple[list[int | None], list[int]]:
    problem, makespans = Problem(Instance.load(PAIR)), []
    starts = heuristic("priority-list").plan(problem.arrays).starts
    incumbent = Incumbent(problem, Stopping(None), lambda progress: makespans.append(progress.makespan))
    incumbent.offer(starts, "priority-list")
    improve_by_windows(problem, incumbent, Stopping(None), workers=1, seed=seed, work_limit=0.3)
    assert incumbent.starts is not None
    return makespans, incumbent.starts.tolist()


def test_one_worker_and_one_seed_give_one_schedule() -> None:
    first = searched(3)
    assert first == searched(3)
    assert len(set(first[0])) > 2


def test_several_workers_give_a_valid_schedule() -> None:
    problem = Problem(Instance.load(PAIR))
    incumbent = offered(problem, heuristic("priority-list").plan(problem.arrays).starts)
    first = incumbent.makespan
    improve_by_windows(problem, incumbent, Stopping(None), workers=3, seed=0, work_limit=0.3)
    assert incumbent.starts is not None
    assert incumbent.makespan is not None
    assert first is not None
    assert incumbent.makespan < first
    assert is_valid(problem, incumbent.starts)


def test_it_keeps_pinned_tasks_where_they_are() -> None:
    instance = Instance.load("uniform-p8-m8-k2-reversed-cap16")
    plan = heuristic("greedy-fill").plan(Problem(instance).arrays)
    problem = Problem(instance, "fill", plan.primary)
    incumbent = offered(problem, plan.starts)
    improve_by_windows(problem, incumbent, Stopping(None), workers=1, seed=0, work_limit=0.3)
    assert incumbent.starts is not None
    assert (incumbent.starts[problem.is_pinned] == plan.starts[problem.is_pinned]).all()
    assert is_valid(problem, incumbent.starts)


def test_without_a_schedule_or_without_time_nothing_happens() -> None:
    problem, stopped = Problem(Instance.load(PAIR)), Stopping()
    incumbent = Incumbent(problem, Stopping(None))
    improve_by_windows(problem, incumbent, Stopping(None), workers=1, seed=0)
    assert incumbent.starts is None
    incumbent.offer(heuristic("priority-list").plan(problem.arrays).starts, "priority-list")
    known = incumbent.makespan
    stopped.signal.set()
    improve_by_windows(problem, incumbent, stopped, workers=1, seed=0)
    assert incumbent.makespan == known
