"""Cyclic list scheduling: sequences, plans, the periods that are read, and what rules reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapweave.instances.generator import make_instance
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, orders_of
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.one_at_a_time import one_at_a_time
from gapweave.solver.steady.repeated_lists import READ, RepeatedLists
from gapweave.solver.steady.retime import Timed, rings_of, timed
from gapweave.solver.steady.sequence import MicrobatchSequence, sequences, spread_evenly
from gapweave.solver.steady.stream_plan import StreamPlan
from gapweave.solver.stopping import Stopping

COUNTS = st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple)


def arrays_of(microbatches: tuple[int, ...], steps: tuple[int, ...]) -> TaskArrays:
    return TaskArrays.build(make_instance(devices=2, microbatches=microbatches, seed=1), steps)


def best_of(instance: Instance, steps: tuple[int, ...]) -> SteadyIncumbent:
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(graph.instance, graph.arrays.steps))
    construct(graph, incumbent, Stopping(), 0)
    return incumbent


def slow_first_job(instance: Instance, factor: int) -> Instance:
    first = instance.jobs[0]
    stages = tuple(
        stage.model_copy(update={"forward": factor * stage.forward, "backward": factor * stage.backward})
        for stage in first.stages
    )
    return instance.model_copy(
        update={"jobs": (first.model_copy(update={"stages": stages}), *instance.jobs[1:])}
    )


def assert_whole(sequence: MicrobatchSequence, arrays: TaskArrays) -> None:
    places = np.concatenate(list(sequence.positions.values()))
    assert sorted((places % sequence.length).tolist()) == list(range(sequence.length))
    for (job, step), own in sequence.positions.items():
        assert len(own) == arrays.instance.jobs[job].microbatch_count
        assert (np.diff(own) > 0).all()
        following = sequence.positions.get((job, step + 1))
        after = sequence.positions[job, 0][0] + sequence.length if following is None else following[0]
        assert own[-1] < after


@given(COUNTS, st.data())
def test_every_sequence_has_each_microbatch_once_and_the_steps_in_order(
    microbatches: tuple[int, ...], data: st.DataObject
) -> None:
    steps = tuple(data.draw(st.integers(1, 4)) for _ in microbatches)
    arrays = arrays_of(microbatches, steps)
    for sequence in sequences(arrays):
        assert_whole(sequence, arrays)
    shares = [data.draw(st.floats(0.1, 1.0)) for _ in steps]
    phases = [data.draw(st.floats(0.0, 0.99)) for _ in steps]
    assert_whole(spread_evenly(arrays, shares, phases), arrays)


@given(st.integers(1, 4), st.integers(1, 4))
def test_other_microbatches_pass_between_two_steps_of_a_job(first: int, second: int) -> None:
    arrays = arrays_of((12, 12), (first, second))
    for sequence in sequences(arrays):
        for (job, step), own in sequence.positions.items():
            after = sequence.positions.get((job, step + 1), sequence.positions[job, 0] + sequence.length)
            assert after[0] - own[-1] > 12 // max(first, second)


@given(st.integers(1, 5), st.booleans(), st.sampled_from((0, 170)), st.floats(0, 4), st.integers(0, 99))
def test_a_plan_keeps_the_precedences_within_a_step(
    devices: int, split: bool, transfer: int, way_back: float, seed: int
) -> None:
    instance = make_instance(
        devices=devices,
        microbatches=(3, 2),
        split=split,
        transfer=transfer,
        reversed_order=True,
        seed=seed,
    )
    arrays = TaskArrays.build(instance)
    plan = StreamPlan(arrays, sequences(arrays)[0], 50_000)
    times = plan.times((way_back, 2 * way_back), way_back)
    source, target = arrays.edge_source, arrays.edge_target
    assert (times[target] + 1e-6 >= times[source] + arrays.duration[source] + arrays.edge_lag).all()


def test_a_plan_whose_way_back_is_as_long_as_memory_allows_holds_that_many_microbatches() -> None:
    instance = make_instance(devices=6, microbatches=(20, 20), spread=0.0, memory_microbatches=8, seed=1)
    graph = CyclicGraph.build(instance)
    plan = StreamPlan(graph.arrays, sequences(graph.arrays)[0], int(graph.load.max()))
    longest = plan.way_back_in_memory(graph.room)
    times = plan.times((longest, longest), 0.0)
    forward, backward = graph.arrays.block(0, 0, 0), graph.arrays.block(0, 1, 0)
    assert forward is not None
    assert backward is not None
    held = (times[backward.first] + backward.duration - times[forward.first]) / plan.unit
    assert held == pytest.approx(8)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.booleans(), st.integers(1, 3), st.integers(0, 99), st.data())
def test_jobs_along_one_path_never_deadlock_and_keep_every_precedence(
    devices: int, split: bool, capacity: int, seed: int, data: st.DataObject
) -> None:
    instance = make_instance(
        devices=devices,
        microbatches=(4, 3),
        split=split,
        memory_microbatches=capacity,
        seed=seed,
    )
    steps = (data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2)))
    graph = CyclicGraph.build(instance, steps)
    random = np.random.default_rng(seed)
    times = random.uniform(0, 10_000, graph.arrays.node_count)
    made = RepeatedLists(graph).run(times, 10_000, {}, (0.0, 0.0, 0.0))
    assert made is not None
    starts, _ = made
    inside = (graph.height == 0) & (graph.target < graph.arrays.task_count)
    inside &= graph.source < graph.arrays.task_count
    source, target = graph.source[inside], graph.target[inside]
    assert (starts[target] >= starts[source] + graph.weight[inside]).all()


@settings(max_examples=15, deadline=None)
@given(st.booleans(), st.integers(0, 99))
def test_held_tasks_start_no_sooner_than_planned_and_then_repeat_themselves(split: bool, seed: int) -> None:
    """Holding a schedule of enough slack: the period becomes the plan's, and orders of it need no more."""
    instance = make_instance(devices=4, microbatches=(8, 7), split=split, transfer=100, seed=seed)
    graph = CyclicGraph.build(instance)
    lists, tasks = RepeatedLists(graph), slice(0, graph.arrays.task_count)
    plan = StreamPlan(graph.arrays, sequences(graph.arrays)[0], int(graph.load.max()))
    made = lists.run(plan.times((4.0, 4.0), 0.0), plan.period, {}, (0.0, 0.0, 0.0))
    assert made is not None
    planned, period = made[0].astype(float), int(1.2 * max(made[1], plan.period))
    for _ in range(3):
        held = lists.run(planned, period, {}, (0.0, 0.0, 0.0), holding=True)
        assert held is not None
        assert (held[0][tasks] >= planned[tasks] - planned[tasks].min() + READ * period).all()
        planned = held[0].astype(float)
    assert held[1] == period
    orders = orders_of(graph, Timed(held[1], held[0]))
    result = timed(graph, rings_of(graph, orders), at_least=plan.period, at_most=2**50)
    assert result is not None
    assert result.period <= period


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.booleans(), st.booleans(), st.integers(0, 99), st.data())
def test_one_microbatch_at_a_time_always_fits_into_memory(
    devices: int, split: bool, reversed_order: bool, seed: int, data: st.DataObject
) -> None:
    instance = make_instance(
        devices=devices,
        microbatches=(3, 2),
        reversed_order=reversed_order,
        split=split,
        memory_microbatches=1,
        seed=seed,
    )
    graph = CyclicGraph.build(instance, (data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))))
    orders = one_at_a_time(graph)
    assert fits(graph, orders)
    result = timed(graph, rings_of(graph, orders), at_least=1, at_most=2**50)
    assert result is not None
    assert result.period <= int(graph.arrays.duration.sum())


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("factor", [1, 3])
def test_unequal_jobs_with_several_steps_leave_little_idle_time(steps: tuple[int, int], factor: int) -> None:
    instance = make_instance(devices=4, microbatches=(12, 16), transfer=100, seed=21)
    incumbent = best_of(slow_first_job(instance, factor), steps)
    assert incumbent.period is not None
    assert incumbent.period <= 1.02 * incumbent.proven.value


@pytest.mark.parametrize("capacity", [5, 8])
def test_opposed_jobs_find_orders_that_fit_into_memory(capacity: int) -> None:
    instance = make_instance(
        devices=4, microbatches=(10, 10), reversed_order=True, memory_microbatches=capacity, seed=22
    )
    incumbent = best_of(instance, (1, 1))
    assert incumbent.period is not None
    assert incumbent.period <= 1.05 * incumbent.proven.value


def test_one_seed_gives_the_same_schedule_every_time() -> None:
    instance = make_instance(devices=4, microbatches=(6, 5), transfer=300, seed=23)
    first, second = (best_of(instance, (1, 1)).best for _ in range(2))
    assert first is not None
    assert second is not None
    assert np.array_equal(first.timed.starts, second.timed.starts)


def test_what_rules_offer_fits_into_memory() -> None:
    instance = make_instance(devices=3, microbatches=(6, 5), memory_microbatches=4, transfer=300, seed=24)
    incumbent = best_of(instance, (1, 2))
    assert incumbent.elite
    assert all(fits(incumbent.graph, orders_of(incumbent.graph, one.timed)) for one in incumbent.elite)
