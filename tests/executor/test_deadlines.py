"""How long a rank waits for a message."""

import math

import pytest
from parity_cases import Case

from gapweave.executor.runtime.deadlines import LONGEST, Deadlines
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.models.errors import InvalidOption


def test_a_deadline_is_the_floor_plus_a_multiple_of_the_planned_idle_time() -> None:
    assert Deadlines([0, 3, 5], makespan=10, floor=2.0, tick=0.5).seconds == [2.0, 17.0, 27.0]


def test_without_a_time_unit_only_measured_steps_tell_how_long_a_tick_is() -> None:
    deadlines = Deadlines([0, 4], makespan=10, floor=1.0)
    assert deadlines.seconds == [1.0, 1.0]
    deadlines.learn(20.0)
    assert deadlines.seconds == [1.0, 81.0]


def test_at_the_end_messages_may_take_as_long_as_the_whole_plan() -> None:
    assert Deadlines([0], makespan=10, floor=2.0, tick=0.5).end == 52.0


def test_a_faster_step_does_not_shorten_deadlines() -> None:
    deadlines = Deadlines([1], makespan=10, floor=0.0, tick=1.0)
    deadlines.learn(20.0)
    deadlines.learn(5.0)
    assert deadlines.seconds == [20.0]


def test_no_deadline_is_longer_than_libraries_can_count() -> None:
    assert Deadlines([10**9], makespan=10**12, floor=2.0, tick=1.0).seconds == [LONGEST]


@pytest.mark.parametrize("seconds", [math.inf, math.nan, 1e300, 0.0, -1.0])
def test_a_deadline_is_a_number_of_seconds_that_can_be_waited_for(seconds: float) -> None:
    with pytest.raises(InvalidOption, match="--deadline: expected seconds"):
        RunOptions(deadline=seconds)


def test_idle_time_is_planned_before_takes_alone() -> None:
    plan = Plan.of(Case(2, ("same",), (False,), (False,), "1f1b").schedule)
    for program in plan.programs:
        gaps = plan.gaps(program.rank)
        idle = {index for index, gap in enumerate(gaps) if gap}
        assert idle <= {index for index, action in enumerate(program.actions) if action.op == "take"}
        assert idle
