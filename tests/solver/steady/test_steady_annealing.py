"""Annealing of periods: moves that can be undone, times kept from move to move, and what rounds may find."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gapweave import solve
from gapweave.instances.generator import make_instance
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import Found, SteadyIncumbent, found, orders_of
from gapweave.solver.steady.kernel import Rings, least_period, working_space
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.moves import shift_letter, undo, warp
from gapweave.solver.steady.retime import edges_of, timed
from gapweave.solver.steady.search import CyclicAnnealing, block_table
from gapweave.solver.steady.warm import Times, least_from, times_of
from gapweave.solver.stopping import Stopping

NEVER = 2**40


def started(graph: CyclicGraph) -> SteadyIncumbent:
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(graph.instance, graph.arrays.steps), None)
    construct(graph, incumbent, Stopping(), 0)
    return incumbent


def best(graph: CyclicGraph) -> Found:
    schedule = started(graph).best
    assert schedule is not None
    return schedule


def copied(rings: Rings) -> Rings:
    return Rings(*(column.copy() for column in rings))


def kept_times(graph: CyclicGraph, schedule: Found) -> Times:
    turning: Int64Array = np.unique(graph.source[graph.height != 0])
    return times_of(schedule.timed.starts, turning)


def warped(graph: CyclicGraph, schedule: Found, rings: Rings, node: int, delta: int) -> Int64Array:
    """Warp ``rings`` and return which task of each swap runs first now."""
    count = graph.arrays.node_count
    done = np.zeros(8 * count, dtype=np.int64)
    moved = np.zeros(count, dtype=np.int64)
    starts, period = schedule.timed.starts, schedule.period
    swaps = warp(edges_of(graph), rings, starts, block_table(graph), moved, period, node, delta, done)
    assert not moved.any()
    swapped: Int64Array = done[:swaps]
    return swapped


SMALL = CyclicGraph.build(
    make_instance(devices=4, microbatches=(6, 5), transfer=150, memory_microbatches=7, seed=3)
)
SCHEDULE = best(SMALL)
NODES = st.integers(0, SMALL.arrays.task_count - 1)
DELTAS = st.integers(-9000, 9000).filter(bool)


@settings(deadline=None)
@given(NODES, DELTAS)
def test_a_warp_keeps_every_ring_and_the_order_of_microbatches(node: int, delta: int) -> None:
    rings = copied(SCHEDULE.rings)
    warped(SMALL, SCHEDULE, rings, node, delta)
    tasks = np.arange(SMALL.arrays.task_count)
    device = SMALL.arrays.device[tasks]
    assert (device[rings.follower[tasks]] == device).all()
    assert (rings.leader[rings.follower[tasks]] == tasks).all()
    assert (np.bincount(device, weights=rings.height[tasks]) == 1).all()
    for block in SMALL.arrays.blocks:
        turn, places = 0, {}
        for place in range(int((device == block.device).sum())):
            node = block.first if place == 0 else int(rings.follower[node])
            places[node] = (turn, place)
            turn -= int(rings.height[node])
        own = [-places[node][0] for node in block.nodes]
        assert all(later - earlier in (0, 1) for earlier, later in pairwise(own))


@settings(deadline=None)
@given(NODES, DELTAS, st.integers(-20, 20))
def test_moves_undone_leave_the_rings_as_they_were(node: int, delta: int, steps: int) -> None:
    rings = copied(SCHEDULE.rings)
    done = warped(SMALL, SCHEDULE, rings, node, delta)
    letters = np.zeros(100, dtype=np.int64)
    count = shift_letter(edges_of(SMALL), rings, node, steps, letters)
    undo(rings, letters, count)
    undo(rings, done, len(done))
    pairs = zip(rings, SCHEDULE.rings, strict=True)
    assert all(np.array_equal(now, before) for now, before in pairs)


@settings(deadline=None)
@given(NODES, DELTAS, st.integers(0, 20_000))
def test_times_kept_from_before_a_move_give_the_same_least_period(node: int, delta: int, more: int) -> None:
    rings, edges = copied(SCHEDULE.rings), edges_of(SMALL)
    warped(SMALL, SCHEDULE, rings, node, delta)
    load, limit = int(SMALL.load.max()), SCHEDULE.period + more
    times = kept_times(SMALL, SCHEDULE)
    times.dirty[:] = 1
    space = working_space(np.arange(SMALL.arrays.node_count))
    period = least_from(edges, rings, times, load, limit)
    assert period == least_period(edges, rings, space, load, limit)
    if period < 0:
        assert np.array_equal(times.starts, SCHEDULE.timed.starts)
        return
    late = times.starts[SMALL.target] + SMALL.height * period - times.starts[SMALL.source] - SMALL.weight
    assert (late >= 0).all()


@pytest.mark.parametrize("memory", [None, 6])
@pytest.mark.parametrize("steps", [(1, 1), (1, 2)])
def test_what_annealing_finds_is_better_keeps_memory_and_repeats_itself(
    memory: int | None, steps: tuple[int, int]
) -> None:
    instance = make_instance(devices=6, microbatches=(6, 4), transfer=300, memory_microbatches=memory, seed=8)
    graph = CyclicGraph.build(instance, steps)
    periods = []
    for _ in range(2):
        incumbent = started(graph)
        del incumbent.elite[:-1]
        first = incumbent.period
        CyclicAnnealing(graph, incumbent, 5).run(Stopping(), 1, work=0.5)
        found_now = incumbent.best
        assert first is not None
        assert found_now is not None
        assert incumbent.proven.value <= found_now.period < first
        assert fits(graph, orders_of(graph, found_now.timed))
        again = timed(graph, found_now.rings, at_least=1, at_most=NEVER)
        assert again is not None
        assert again.period <= found_now.period
        periods.append(found_now.period)
    assert periods[0] == periods[1]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 1000))
def test_a_work_limit_gives_the_same_schedule_every_time(seed: int) -> None:
    instance = make_instance(devices=3, microbatches=(3, 4), transfer=200, seed=seed)
    tasks = [
        solve(instance, objective="period", work_limit=0.2, workers=1, seed=seed).tasks for _ in range(2)
    ]
    assert tasks[0] == tasks[1]


def test_orders_read_from_times_need_no_longer_a_period() -> None:
    again = found(SMALL, SCHEDULE.timed, "again")
    result = timed(SMALL, again.rings, at_least=1, at_most=NEVER)
    assert result is not None
    assert result.period <= SCHEDULE.period
