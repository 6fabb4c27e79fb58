"""Local search on device orders: only schedules, never worse ones, and the best where that is known."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from brute_force import least_makespan
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from planning import planned_or_reason
from random_problems import dispatch_rules, instances, law
from tiny_instances import tiny_case

from gapweave import Instance
from gapweave.models.errors import Infeasible, NotApplicable
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.models.task import Task
from gapweave.models.task_arrays import Int64Array
from gapweave.models.verify import verify
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.incumbent import Incumbent, Line
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.order_search import search_orders
from gapweave.solver.order_search.graph import OrderGraph, forward_graph, mirrored_graph, rank_by_time
from gapweave.solver.order_search.kernel import anneal
from gapweave.solver.order_search.search import orders_of
from gapweave.solver.order_search.state import OrderState, empty_state, load, makespan_of, tardiness
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

EFFORT = 200_000


def begun(problem: Problem, rule: DispatchRule | None = None) -> Incumbent:
    """An incumbent that holds a list schedule, if there is one."""
    rule = rule or DispatchRule.default(len(problem.instance.jobs))
    incumbent = Incumbent(problem, Stopping(None))
    incumbent.offer(rule.run(ListScheduler(problem.arrays, problem.pinned), problem.paths), "list")
    return incumbent


def searched(
    problem: Problem, rule: DispatchRule | None = None, seed: int = 0, effort: int = EFFORT
) -> tuple[int, Schedule]:
    """The makespan at first, and the schedule found."""
    incumbent = begun(problem, rule)
    if incumbent.starts is None:
        reject()
    first = incumbent.makespan
    search_orders(problem, incumbent, Stopping(None), seed, effort=effort)
    assert incumbent.starts is not None
    assert first is not None
    schedule = make_schedule(problem, incumbent.starts, SolverRecord(name="orders"), verify_it=False)
    return first, schedule


@law
@given(instances(), st.data())
def test_it_finds_schedules_that_keep_every_rule_and_are_never_worse(
    instance: Instance, data: st.DataObject
) -> None:
    first, schedule = searched(Problem(instance), data.draw(dispatch_rules(len(instance.jobs))))
    assert verify(schedule) == []
    assert schedule.makespan <= first


@law
@given(instances(), st.sampled_from(["1f1b", "gpipe", "priority-list"]))
def test_pinned_tasks_stay_where_they_are(instance: Instance, policy: str) -> None:
    assume(isinstance(planned_or_reason(instance.with_jobs(0), heuristics()[policy]), Schedule))
    primary = alone(instance, 0, heuristic(policy)).as_primary()
    first, schedule = searched(Problem(instance, "fill", primary))
    assert verify(schedule) == []
    assert schedule.makespan <= first


@law
@given(instances(), st.floats(0.0, 0.5))
def test_the_primary_keeps_its_limit(instance: Instance, slack: float) -> None:
    own = alone(instance, 0, heuristic("priority-list")).as_primary()
    limit = int(own.makespan * (1 + slack))
    limited = own.model_copy(update={"tasks": None, "limit": limit})
    problem = Problem(instance, "joint", limited)
    _, schedule = searched(problem)
    assert verify(schedule) == []
    assert schedule.job_makespans[instance.jobs[0].name] <= limit


@pytest.mark.parametrize("first", range(0, 80, 20))
def test_tiny_instances_are_solved_like_exhaustive_search_does(first: int) -> None:
    compared = 0
    for seed in range(first, first + 20):
        problem = tiny_problem(seed)
        incumbent = None if problem is None else begun(problem)
        if problem is None or incumbent is None or incumbent.starts is None:
            continue
        search_orders(problem, incumbent, Stopping(None), seed, effort=10 * EFFORT)
        assert incumbent.makespan == least_makespan(problem.instance, pins(problem))
        compared += 1
    assert compared > 5


def tiny_problem(seed: int) -> Problem | None:
    """A tiny problem without slack; None if that seed's case has one, or no schedule."""
    case = tiny_case(seed)
    try:
        refuse_impossible_memory(case.instance)
        if case.mode == "fill":
            primary = alone(case.instance, 0, heuristic(case.policy)).as_primary()
            return Problem(case.instance, "fill", primary)
    except (Infeasible, NotApplicable):
        return None
    return None if case.slack is not None else Problem(case.instance)


def pins(problem: Problem) -> dict[Task, int]:
    """Starts of the pinned tasks."""
    nodes = np.flatnonzero(problem.is_pinned[: problem.arrays.task_count])
    return {} if problem.pinned is None else {problem.arrays.task(n): int(problem.pinned[n]) for n in nodes}


@pytest.mark.parametrize("name", ["fusion-02-cap", "uniform-p8-m8-k2-reversed-cap16"])
def test_one_seed_gives_one_schedule(name: str) -> None:
    problem = Problem(Instance.load(name))
    assert searched(problem, seed=5)[1].tasks == searched(problem, seed=5)[1].tasks


def test_a_capped_fusion_is_solved_from_a_poor_schedule() -> None:
    problem = Problem(Instance.load("fusion-02-cap"))
    first, schedule = searched(problem, effort=50 * EFFORT)
    assert schedule.makespan == problem.bound.value < first


def test_without_a_schedule_there_is_nothing_to_improve() -> None:
    incumbent = Incumbent(Problem(Instance.load("opposed-x2")), Stopping(None))
    search_orders(incumbent.problem, incumbent, Stopping(None), 0)
    assert incumbent.starts is None


def test_it_stops_when_it_is_time() -> None:
    incumbent = begun(Problem(Instance.load("fusion-02-cap")))
    first = incumbent.makespan
    search_orders(incumbent.problem, incumbent, Stopping(0.0), 0)
    assert incumbent.makespan == first


class Looks(Stopping):
    """Never time to stop; at the fourth look, within a pass, somebody else meets the bound."""

    incumbent: Incumbent
    count = 0

    def __bool__(self) -> bool:
        type(self).count += 1
        if self.count == 4:
            self.incumbent.lower_bound = self.incumbent.makespan or 0
        return self.count > 100


def test_it_stops_within_a_pass_when_another_thread_meets_the_bound() -> None:
    incumbent = begun(Problem(Instance.load("fusion-09-cap")))
    Looks.incumbent = incumbent
    search_orders(incumbent.problem, incumbent, Looks(), 0, effort=10**8)
    assert Looks.count <= 6


def test_a_line_gets_better_beside_the_best_schedule() -> None:
    problem = Problem(Instance.load("fusion-02-cap"))
    best, poor = begun(problem), begun(problem)
    search_orders(problem, best, Stopping(None), 0, effort=50 * EFFORT)
    least = best.makespan
    best.lower_bound -= 1  # so that it goes on
    assert poor.starts is not None
    line = Line.beside(best, poor.starts)
    search_orders(problem, line, Stopping(None), 1, effort=EFFORT)
    assert least is not None
    assert line.starts is not None
    assert problem.admits(line.starts)
    assert poor.makespan is not None
    assert line.makespan is not None
    assert least <= line.makespan < poor.makespan
    assert best.makespan == least


def test_the_best_schedule_hears_of_a_better_line() -> None:
    problem = Problem(Instance.load("fusion-02-cap"))
    best = begun(problem)
    assert best.starts is not None
    line = Line.beside(best, best.starts)
    search_orders(problem, line, Stopping(None), 0, effort=50 * EFFORT)
    assert best.makespan == line.makespan == problem.bound.value
    assert line.is_optimal


def state_of(problem: Problem, graph: OrderGraph, orders: Int64Array) -> OrderState:
    """The state with these orders, which must be a schedule."""
    state = empty_state(graph)
    state.seq[:] = orders
    assert load(graph, state)
    return state


def as_numbered(problem: Problem) -> Int64Array:
    """The numbers that the nodes have in the problem."""
    return np.arange(problem.arrays.node_count, dtype=np.int64)


def reversed_orders(problem: Problem, orders: Int64Array, ptr: Int64Array) -> Int64Array:
    """The same orders in the numbers of the mirrored graph."""
    last = problem.arrays.node_count - 1
    return np.concatenate([last - orders[a:b][::-1] for a, b in pairwise(ptr.tolist())])


def walked(problem: Problem, moves: int, seed: int) -> tuple[OrderGraph, OrderState, int]:
    """A state after a hot random walk, and the cost that the walk kept account of."""
    incumbent = begun(problem)
    if incumbent.starts is None or incumbent.is_optimal:
        reject()
    graph = forward_graph(problem, problem.bound.value, as_numbered(problem))
    state = state_of(problem, graph, orders_of(problem, incumbent.starts))
    random = np.random.default_rng(seed)
    cost, *_ = anneal(graph, state, problem.bound.value, incumbent.makespan, moves, 10**9, 1e9, 1.0, random)
    return graph, state, cost


def longest_paths(problem: Problem, orders: Int64Array, ptr: Any) -> list[int]:
    """Earliest starts by plain relaxation, until nothing changes."""
    arrays = problem.arrays
    releases = [problem.instance.jobs[job].release for job in arrays.job.tolist()]
    arcs = list(
        zip(arrays.edge_source.tolist(), arrays.edge_target.tolist(), arrays.edge_lag.tolist(), strict=True)
    )
    for first, stop in pairwise(ptr.tolist()):
        arcs += [(a, b, 0) for a, b in pairwise(orders[first:stop].tolist())]
    starts, changes = releases, True
    while changes:
        changes = False
        for source, target, lag in arcs:
            least = starts[source] + int(arrays.duration[source]) + lag
            if starts[target] < least:
                starts[target], changes = least, True
    return starts


@law
@given(instances(), st.integers(1, 300), st.integers(0, 99))
def test_after_any_moves_the_heads_are_longest_paths_and_the_cost_is_right(
    instance: Instance, moves: int, seed: int
) -> None:
    problem = Problem(instance)
    graph, state, cost = walked(problem, moves, seed)
    starts = (state.end - problem.arrays.duration).tolist()
    assert starts == longest_paths(problem, state.seq, graph.seq_ptr)
    assert cost == tardiness(graph, state, problem.bound.value)
    assert makespan_of(graph, state) == problem.makespan(np.array(starts))


@law
@given(instances(), st.integers(1, 300), st.integers(0, 99))
def test_after_any_moves_the_orders_are_complete_and_memory_holds(
    instance: Instance, moves: int, seed: int
) -> None:
    problem = Problem(instance)
    graph, state, _ = walked(problem, moves, seed)
    again = state_of(problem, graph, state.seq)
    assert (again.level == state.level).all()
    assert (again.end == state.end).all()
    assert sorted(state.seq.tolist()) == list(range(problem.arrays.task_count))
    starts = state.end - problem.arrays.duration
    assert verify(make_schedule(problem, starts, SolverRecord(name="walk"), verify_it=False)) == []


@law
@given(instances())
def test_numbered_by_time_orders_take_as_long(instance: Instance) -> None:
    problem = Problem(instance)
    starts = begun(problem).starts
    if starts is None:
        reject()
    rank, plain = rank_by_time(problem, starts), as_numbered(problem)
    orders = orders_of(problem, starts)
    assert sorted(rank.tolist()) == plain.tolist()
    for graph_of in (forward_graph, mirrored_graph):
        graphs = [graph_of(problem, problem.bound.value, numbers) for numbers in (plain, rank)]
        own = [orders, rank[orders]]
        if graph_of is mirrored_graph:
            own = [reversed_orders(problem, part, graphs[0].seq_ptr) for part in own]
        states = [state_of(problem, graph, part) for graph, part in zip(graphs, own, strict=True)]
        assert makespan_of(graphs[0], states[0]) == makespan_of(graphs[1], states[1])
        assert sorted(states[0].end.tolist()) == sorted(states[1].end.tolist())


@law
@given(instances(), st.integers(1, 300), st.integers(0, 99))
def test_mirrored_orders_take_as_long_as_they_do_forward(instance: Instance, moves: int, seed: int) -> None:
    unreleased = instance.model_copy(
        update={"jobs": tuple(job.model_copy(update={"release": 0}) for job in instance.jobs)}
    )
    problem = Problem(unreleased)
    graph, state, _ = walked(problem, moves, seed)
    mirrored = mirrored_graph(problem, problem.bound.value, as_numbered(problem))
    backwards = state_of(problem, mirrored, reversed_orders(problem, state.seq, graph.seq_ptr))
    assert makespan_of(mirrored, backwards) == makespan_of(graph, state)
