from typing import Any

import pytest
from schedule_factory import build_schedule, edited, make_instance, row_of, with_row

from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.models.verify import Violation, verify

NEXT = Task(0, 1, "F", 0, 0)


def job(barrier: bool, **more: Any) -> dict[str, Any]:
    """Two stages on two devices, one microbatch; the first stage's work ends later than the second's."""
    stages = [{"device": s, "forward": 1, "backward": 2} | more for s in range(2)]
    return {"microbatches": 1, "stages": stages, "optimizer_barrier": barrier}


def two_steps(description: dict[str, Any]) -> Schedule:
    return build_schedule(make_instance(description, devices=2), steps=(2,))


def of_rule_7(schedule: Schedule) -> list[Violation]:
    return [violation for violation in verify(schedule) if violation.rule == "7"]


@pytest.mark.parametrize(
    ("more", "last"),
    [
        ({}, Task(0, 0, "B", 0, 0)),
        ({"weight": 1}, Task(0, 0, "W", 0, 0)),
        ({"optimizer": 1}, Task(0, 0, "O", 0, None)),
    ],
    ids=["backward", "weight", "optimizer"],
)
def test_a_step_begins_on_a_stage_after_the_last_task_of_the_step_before(
    more: dict[str, int], last: Task
) -> None:
    schedule = two_steps(job(False, **more))
    assert verify(schedule) == []
    end = row_of(schedule, last).end
    assert row_of(schedule, NEXT).start == end
    (violation,) = of_rule_7(with_row(schedule, NEXT, start=end - 1, end=end))
    assert (violation.task, violation.device, violation.time) == (NEXT, 0, end - 1)
    assert str(last) in violation.message


def test_with_a_barrier_every_backward_and_weight_task_of_all_stages_comes_before_the_next_step() -> None:
    """Stage 1 has a long W: stage 0 could begin its next step long before, but for the barrier."""
    for barrier in (False, True):
        description = job(barrier)
        description["stages"][1]["weight"] = 20
        schedule = two_steps(description)
        assert verify(schedule) == []
        last = row_of(schedule, Task(0, 0, "W", 1, 0))
        waits = row_of(schedule, NEXT).start >= last.end
        assert waits is barrier
        moved = with_row(schedule, NEXT, start=last.end - 1, end=last.end)
        assert (str(last.task) in "".join(map(str, of_rule_7(moved)))) is barrier


def test_the_barrier_does_not_wait_for_the_optimizer_of_other_stages() -> None:
    description = job(barrier=True)
    description["stages"][1]["optimizer"] = 20
    schedule = two_steps(description)
    assert verify(schedule) == []
    assert row_of(schedule, NEXT).start < row_of(schedule, Task(0, 0, "O", 1, None)).end


def test_the_next_period_follows_the_last_step_of_this_one() -> None:
    schedule = two_steps(job(False))
    end = row_of(schedule, Task(0, 1, "B", 0, 0)).end
    assert verify(edited(schedule, schedule.tasks, period=end)) == []
    (violation,) = of_rule_7(edited(schedule, schedule.tasks, period=end - 1))
    assert violation.task == Task(0, 0, "F", 0, 0)
    assert str(Task(0, 1, "B", 0, 0)) in violation.message


def test_the_barrier_holds_across_the_period_too() -> None:
    """Device 0 could begin its next step at 6 already; W of stage 1 ends at 24."""
    for barrier in (False, True):
        description = job(barrier)
        description["stages"][1]["weight"] = 20
        schedule = build_schedule(make_instance(description, devices=2))
        late = row_of(schedule, Task(0, 0, "W", 1, 0)).end
        assert late == 24
        tight = edited(schedule, schedule.tasks, period=23)
        assert [violation.rule for violation in verify(tight)] == (["7"] if barrier else [])
