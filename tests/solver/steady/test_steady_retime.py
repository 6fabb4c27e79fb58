"""Cyclic orders and their least period: rings, positive cycles, memory, and what streams reach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_factory import zero_idle_period

from gapweave.instances.generator import make_instance
from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.kernel import Rings, swap
from gapweave.solver.steady.memory import fits, peak_levels
from gapweave.solver.steady.retime import CyclicOrders, rings_of, timed
from gapweave.solver.steady.stream import streams

NEVER = 2**40


def starts_of(schedule: Schedule, graph: CyclicGraph) -> Int64Array:
    starts = np.zeros(graph.arrays.node_count, dtype=np.int64)
    for row in schedule.tasks:
        block = graph.arrays.block(row.job, "FBWO".index(row.kind), row.stage, row.step)
        assert block is not None
        starts[block.first + (row.microbatch or 0)] = row.start
    return starts


def rings(schedule: Schedule, graph: CyclicGraph, cut: int = 0) -> Rings:
    cuts = np.full(len(graph.instance.devices), cut, dtype=np.int64)
    assert schedule.period is not None
    return rings_of(graph, CyclicOrders.read(graph, starts_of(schedule, graph), schedule.period, cuts))


@pytest.mark.parametrize("stages", [4, 7, 12])
@pytest.mark.parametrize("more", [-1, 0, 5])
@pytest.mark.parametrize("at_least", [1, None])
def test_the_orders_of_a_zero_idle_period_need_no_longer_one(
    stages: int, more: int, at_least: int | None
) -> None:
    schedule = zero_idle_period(stages, stages + more)
    graph = CyclicGraph.build(schedule.instance)
    found = timed(graph, rings(schedule, graph), at_least=at_least or int(graph.load.max()), at_most=NEVER)
    assert found is not None
    assert found.period == schedule.period == graph.load.max()


@given(st.integers(0, 100))
def test_where_a_turn_begins_does_not_matter(cut: int) -> None:
    schedule = zero_idle_period(4, 5)
    graph = CyclicGraph.build(schedule.instance)
    own = rings(schedule, graph, cut)
    devices = graph.arrays.device[: graph.arrays.task_count]
    heights = np.bincount(devices, weights=own.height[: graph.arrays.task_count])
    assert (heights == 1).all()
    found = timed(graph, own, at_least=1, at_most=NEVER)
    assert found is not None
    assert found.period == schedule.period


@pytest.mark.parametrize("cut", [0, 7, 23])
def test_memory_of_orders_is_that_of_the_schedule(cut: int) -> None:
    schedule = zero_idle_period(6, 6)
    graph = CyclicGraph.build(schedule.instance)
    cuts = np.full(6, cut, dtype=np.int64)
    assert schedule.period is not None
    orders = CyclicOrders.read(graph, starts_of(schedule, graph), schedule.period, cuts)
    assert peak_levels(graph, orders).tolist() == [6 - device for device in range(6)]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 10**6), max_size=20))
def test_a_swap_undone_leaves_the_rings_as_they_were(seed: int, places: list[int]) -> None:
    schedule = zero_idle_period(4, 4)
    graph = CyclicGraph.build(schedule.instance)
    own = rings(schedule, graph)
    before = [column.copy() for column in own]
    nodes = [place % graph.arrays.task_count for place in places]
    for node in nodes:
        swap(own, node)
    for node in reversed(nodes):
        swap(own, int(own.leader[node]))
    assert all(np.array_equal(now, then) for now, then in zip(own, before, strict=True))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("transfer", [0, 200])
def test_some_stream_of_two_jobs_with_enough_microbatches_leaves_no_idle_time(
    split: bool, transfer: int
) -> None:
    instance = make_instance(
        devices=6, microbatches=(14, 14), split=split, spread=0.05, transfer=transfer, seed=4
    )
    graph = CyclicGraph.build(instance)
    load = int(graph.load.max())
    found = [timed(graph, rings_of(graph, orders), at_least=load, at_most=NEVER) for orders in streams(graph)]
    assert load in [one.period for one in found if one is not None]


def test_streams_hold_more_the_longer_the_way_back() -> None:
    graph = CyclicGraph.build(make_instance(devices=5, microbatches=(12, 12), memory_microbatches=5, seed=1))
    peaks = [int(peak_levels(graph, orders).max()) for orders in streams(graph)]
    assert peaks == sorted(peaks)
    assert [fits(graph, orders) for orders in streams(graph)] == [peak <= 50 for peak in peaks]
