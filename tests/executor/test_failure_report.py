"""Which of several failures is named."""

from dataclasses import replace

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.executor.program import Action
from gapweave.executor.runtime.failure_report import RankState, first_failure
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record

TAKE = Action("take", "F", 0, 0, 1, 2, 1, 0)
BEGUN = RankState(2, 3, (TAKE,), failed=True)
LOST = replace(BEGUN, rank=1, text="rank 1, step 4, 'take B j0 t0 s3 m2 <-2 b0': lost rank 2", in_action=True)


def test_a_rank_that_died_is_named_before_one_that_lost_it() -> None:
    killed = replace(BEGUN, exit=-9)
    assert first_failure([LOST, killed]) is killed
    assert str(killed) == "rank 2, step 4, 'take F j0 t0 s1 m2 <-1 b0': killed by signal 9 (SIGKILL)"


def test_a_failure_of_its_own_is_named_before_one_that_followed() -> None:
    own = replace(BEGUN, text="rank 2, step 4, 'run O j0 t0 s1': the loss is not finite", in_action=True)
    assert first_failure([LOST, own]) is own
    assert str(own) == own.text


def test_of_equal_failures_the_first_is_named() -> None:
    first, second = replace(BEGUN, exit=-9), replace(BEGUN, rank=0, exit=-9)
    assert first_failure([first, second]) is first
    assert first_failure([second, first]) is second


@pytest.mark.parametrize(
    ("exit_code", "text", "said"),
    [
        (1, "", "rank 2, before its first step: ended with code 1"),
        (1, "Killed", "rank 2, before its first step: ended with code 1: Killed"),
        (None, "--jobs x: no", "rank 2: --jobs x: no"),
    ],
)
def test_a_rank_may_fail_before_its_first_step(exit_code: int | None, text: str, said: str) -> None:
    assert str(RankState(2, -1, (), failed=True, exit=exit_code, text=text)) == said


def test_steps_are_counted_with_those_of_earlier_runs() -> None:
    plan = Plan.of(build_schedule(make_instance(uniform_job(1, 1), devices=1)))
    record = Record.create(len(plan.programs[0].actions), 2)
    record.begin(2, resumed=4)
    assert RankState.of(plan, 0, record, {}).place == "step 7, 'run F j0 t0 s0 m0'"
    record.complete(2)
    assert RankState.of(plan, 0, record, {}).place == "after step 7"
