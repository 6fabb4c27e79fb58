"""Least period against memory: laws that hold whatever the solver finds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import make_instance, uniform_job

from gapweave.models.bounds import reprove
from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver.memory_levels import MemoryLevels
from gapweave.solver.one_after_the_other import OneAfterTheOther
from gapweave.solver.pareto_memory import MOST_LEVELS, MemoryFront, chosen_levels, pareto_memory
from gapweave.solver.problem import refuse_impossible_memory


def uneven() -> Instance:
    """Two jobs that need unequal amounts, on devices of unequal capacity."""
    jobs = []
    for amount in (4, 3):
        memory = {"resident": 1, "forward": amount, "backward": -amount}
        stages = [{"device": s, "forward": 1 + s, "backward": 2, "memory": memory} for s in range(3)]
        jobs.append({"microbatches": 3, "stages": stages, "forward_transfer": 1})
    document = make_instance(*jobs, devices=3).to_document()
    for device, capacity in zip(document["devices"], (14, 8, 26), strict=True):
        device["memory_capacity"] = capacity
    return Instance.from_document(document)


@pytest.fixture(scope="module")
def front() -> MemoryFront:
    return pareto_memory(uneven(), time_limit=3, workers=1)


def test_the_period_never_rises_with_memory_and_bounds_neither(front: MemoryFront) -> None:
    assert len(front.rows) > 2
    for less, more in pairwise(front.rows):
        assert less.period is not None
        assert more.period is not None
        assert less.lower_bound is not None
        assert more.lower_bound is not None
        assert more.period <= less.period
        assert more.lower_bound <= less.lower_bound <= less.period


def test_every_schedule_keeps_the_rules_within_the_capacity_of_its_row(front: MemoryFront) -> None:
    levels = MemoryLevels.of(uneven())
    for row in front.rows:
        assert row.schedule is not None
        assert verify(row.schedule) == []
        assert reprove(row.schedule).proven is not False
        assert row.schedule.instance == levels.at(row.free)
        assert row.needed == levels.needed_by(row.schedule)
        assert row.free is None or row.needed <= row.free


def test_the_least_capacity_works_and_less_does_not(front: MemoryFront) -> None:
    levels = MemoryLevels.of(uneven())
    assert front.rows[0].free == levels.least
    refuse_impossible_memory(levels.at(levels.least))
    with pytest.raises(Infeasible):
        refuse_impossible_memory(levels.at(levels.least - 1))


def test_the_last_row_has_no_limit_and_needs_no_more_than_it_uses(front: MemoryFront) -> None:
    last = front.rows[-1]
    assert last.free is None
    assert last.needed is not None
    assert all(row.free is not None and row.free < last.needed for row in front.rows[:-1])


def test_given_proportions_are_kept() -> None:
    levels = MemoryLevels.of(uneven())
    assert (levels.shape, levels.given) == ((12, 6, 24), 24)
    assert levels.at(24) == uneven()
    assert [device.memory_capacity for device in levels.at(12).devices] == [2 + 6, 2 + 3, 2 + 12]
    assert MemoryLevels.of(make_instance(uniform_job(2, 2), devices=2)).shape == (1, 1)


@given(held=st.tuples(*[st.integers(0, 50)] * 3))
def test_the_needed_level_is_the_least_at_which_all_devices_hold_the_amounts(
    held: tuple[int, int, int],
) -> None:
    levels = MemoryLevels.of(uneven())
    needed = levels.needed(held)

    def suffices(level: int) -> bool:
        capacities = [device.memory_capacity or 0 for device in levels.at(level).devices]
        return all(amount <= capacity - 2 for amount, capacity in zip(held, capacities, strict=True))

    assert suffices(needed)
    assert needed == 0 or not suffices(needed - 1)


@given(
    least=st.integers(1, 1000),
    factor=st.floats(1, 1000),
    also=st.none() | st.integers(1, 10**6),
    quantum=st.integers(1, 50),
)
def test_levels_begin_at_the_least_and_are_not_many(
    least: int, factor: float, also: int | None, quantum: int
) -> None:
    least *= quantum
    top = round(least * factor) // quantum * quantum
    also = None if also is None else also * quantum
    levels = chosen_levels(least, top, also, quantum)
    assert all(level % quantum == 0 for level in levels)
    assert levels == sorted(set(levels))
    assert len(levels) <= MOST_LEVELS
    assert all(least <= level < top for level in levels)
    assert not levels or levels[0] == least
    if also is not None and least < also < top and top - least > MOST_LEVELS * least:
        assert also in levels


def test_levels_that_hold_no_more_microbatches_are_left_out() -> None:
    assert chosen_levels(10, 40, also=40, quantum=10) == [10, 20, 30]


def test_1f1b_of_one_job_after_the_other_is_what_it_is_compared_with() -> None:
    job = uniform_job(4, 4)
    front = pareto_memory(make_instance(job, job, devices=4), time_limit=3, workers=1)
    assert front.one_after_the_other is not None
    assert front.one_after_the_other.level == 4
    assert front.one_after_the_other.period == 2 * 21
    assert [(row.free, row.period, row.status) for row in (front.rows[0], front.rows[-1])] == [
        (1, 96, "optimal"),
        (None, 24, "optimal"),
    ]


def test_what_other_jobs_hold_for_good_does_not_count_for_1f1b() -> None:
    memory = {"resident": 50, "forward": 1, "backward": -1}
    stages = [{"device": s, "forward": 1, "backward": 2, "memory": memory} for s in range(3)]
    job = {"microbatches": 3, "stages": stages}
    baseline = OneAfterTheOther.of(MemoryLevels.of(make_instance(job, job, devices=3)))
    assert baseline == OneAfterTheOther(period=30, level=3)


def test_an_instance_without_memory_amounts_is_refused() -> None:
    stages = [{"device": 0, "forward": 1, "backward": 2}]
    with pytest.raises(InvalidOption, match="no memory amounts"):
        pareto_memory(make_instance({"microbatches": 2, "stages": stages}, devices=1))


def test_a_late_release_has_no_period() -> None:
    with pytest.raises(Infeasible, match="released"):
        pareto_memory(make_instance(uniform_job(2, 2, release=3), devices=2), time_limit=2)
