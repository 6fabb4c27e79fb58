from typing import Any

import pytest
from schedule_factory import claimed, make_instance

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify import Violation, verify


def two_forwards(first: int, second: int, duration: int = 3, **header: Any) -> Schedule:
    """Two jobs of one microbatch on one device; their backwards of 1 tick follow far behind, at 20 and 21."""
    job = {"microbatches": 1, "stages": [{"device": 0, "forward": duration, "backward": 1}]}
    instance = make_instance(job, job, devices=1)
    rows = [
        ScheduledTask(0, 0, "F", 0, 0, 0, first, first + duration),
        ScheduledTask(1, 0, "F", 0, 0, 0, second, second + duration),
        ScheduledTask(0, 0, "B", 0, 0, 0, 20, 21),
        ScheduledTask(1, 0, "B", 0, 0, 0, 21, 22),
    ]
    return claimed(instance, (1, 1), rows, **header)


def overlaps(schedule: Schedule) -> list[Violation]:
    return [violation for violation in verify(schedule) if violation.rule == "2"]


def test_back_to_back_is_allowed() -> None:
    assert verify(two_forwards(0, 3)) == []


def test_one_common_tick_is_an_overlap() -> None:
    (violation,) = overlaps(two_forwards(0, 2))
    assert (violation.task, violation.device, violation.time) == (Task(1, 0, "F", 0, 0), 0, 2)
    assert "F of job 0, stage 0, microbatch 0, which runs from 0 to 3" in violation.message


def test_a_task_inside_a_longer_one_is_an_overlap_though_another_lies_between() -> None:
    violations = overlaps(two_forwards(0, 12, duration=10))
    assert [violation.time for violation in violations] == [20, 21]


@pytest.mark.parametrize(("second", "free"), [(2, False), (3, True), (4, True), (14, True), (15, False)])
def test_with_a_period_tasks_must_not_meet_modulo_it(second: int, free: bool) -> None:
    # Modulo 19 the backwards take [1, 3) and the first forward [3, 6): [6, 19) and [0, 1) are free.
    schedule = two_forwards(3, 3 + second, period=19)
    assert (overlaps(schedule) == []) is free


def test_a_wrapped_task_meets_the_first_of_the_next_period() -> None:
    schedule = two_forwards(10, 4, period=12)  # F [10, 13) wraps onto [0, 1); B at phases 8 and 9
    assert overlaps(schedule) == []
    (violation,) = overlaps(two_forwards(11, 1, period=12))  # F [11, 14) wraps onto [0, 2)
    assert (violation.task, violation.time) == (Task(1, 0, "F", 0, 0), 1)


def test_a_task_as_long_as_the_period_leaves_no_room_and_a_longer_one_meets_itself() -> None:
    job = {"microbatches": 1, "stages": [{"device": 0, "forward": 3, "backward": 1}]}
    instance = make_instance(job, devices=1)
    rows = [ScheduledTask(0, 0, "F", 0, 0, 0, 0, 3), ScheduledTask(0, 0, "B", 0, 0, 0, 3, 4)]
    assert overlaps(claimed(instance, (1,), rows, period=4)) == []
    assert [v.task for v in overlaps(claimed(instance, (1,), rows, period=3))] == [Task(0, 0, "B", 0, 0)]
    (violation,) = overlaps(claimed(instance, (1,), rows, period=2))
    assert "longer than the period 2" in violation.message
