from typing import Any

import pytest
from schedule_factory import build_schedule, claimed, make_instance, row_of, with_row

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify import Violation, verify


def split_job(**more: Any) -> dict[str, Any]:
    """Three stages on three devices, one microbatch, split, with an optimizer task on the last two."""
    stages = [
        {"device": s, "forward": 2, "backward": 3, "weight": 2, "optimizer": 0 if s == 0 else 1}
        for s in range(3)
    ]
    return {"microbatches": 1, "stages": stages} | more


def spread_out(job: dict[str, Any], devices: int = 3) -> Schedule:
    """The job's 1F1B schedule; with one microbatch, every task starts as early as its inputs allow."""
    return build_schedule(make_instance(job, devices=devices))


def of_rule(rule: str, schedule: Schedule) -> list[Violation]:
    return [violation for violation in verify(schedule) if violation.rule == rule]


def earlier(schedule: Schedule, task: Task) -> Schedule:
    row = row_of(schedule, task)
    return with_row(schedule, task, start=row.start - 1, end=row.end - 1)


@pytest.mark.parametrize(
    ("task", "source"),
    [
        (Task(0, 0, "F", 1, 0), Task(0, 0, "F", 0, 0)),
        (Task(0, 0, "F", 2, 0), Task(0, 0, "F", 1, 0)),
        (Task(0, 0, "B", 2, 0), Task(0, 0, "F", 2, 0)),
        (Task(0, 0, "B", 1, 0), Task(0, 0, "B", 2, 0)),
        (Task(0, 0, "B", 0, 0), Task(0, 0, "B", 1, 0)),
        (Task(0, 0, "W", 0, 0), Task(0, 0, "B", 0, 0)),
        (Task(0, 0, "O", 1, None), Task(0, 0, "W", 1, 0)),
    ],
    ids=str,
)
def test_a_task_waits_for_its_input_and_the_transfer(task: Task, source: Task) -> None:
    schedule = spread_out(split_job(forward_transfer=[4, 5], backward_transfer=[6, 7]))
    assert verify(schedule) == []
    (violation,) = of_rule("3", earlier(schedule, task))
    assert (violation.task, violation.device) == (task, task.stage)
    assert violation.time == row_of(schedule, task).start - 1
    assert str(source) in violation.message


def test_each_edge_has_its_own_transfer() -> None:
    schedule = spread_out(split_job(forward_transfer=[4, 5], backward_transfer=[6, 7]))
    starts = {
        task: row_of(schedule, Task(0, 0, *task)).start for task in [("F", 1, 0), ("B", 2, 0), ("B", 0, 0)]
    }
    assert starts == {("F", 1, 0): 6, ("B", 2, 0): 2 + 4 + 2 + 5 + 2, ("B", 0, 0): 15 + 3 + 7 + 3 + 6}


def test_a_transfer_inside_a_device_takes_no_time() -> None:
    stages = [{"device": device, "forward": 1, "backward": 1} for device in (0, 0, 1)]
    job = {"microbatches": 1, "stages": stages, "forward_transfer": 5, "backward_transfer": [3, 3]}
    rows = [
        ScheduledTask(0, 0, "F", 0, 0, 0, 0, 1),
        ScheduledTask(0, 0, "F", 1, 0, 0, 1, 2),
        ScheduledTask(0, 0, "F", 2, 0, 1, 7, 8),
        ScheduledTask(0, 0, "B", 2, 0, 1, 8, 9),
        ScheduledTask(0, 0, "B", 1, 0, 0, 12, 13),
        ScheduledTask(0, 0, "B", 0, 0, 0, 13, 14),
    ]
    assert verify(claimed(make_instance(job, devices=2), (1,), rows)) == []


def test_microbatches_may_run_in_any_order() -> None:
    job = {"microbatches": 2, "stages": [{"device": 0, "forward": 1, "backward": 1}]}
    rows = [
        ScheduledTask(0, 0, kind, 0, m, 0, start, start + 1)
        for start, (kind, m) in enumerate([("F", 1), ("F", 0), ("B", 0), ("B", 1)])
    ]
    assert verify(claimed(make_instance(job, devices=1), (1,), rows)) == []


def test_the_optimizer_waits_for_the_backward_of_an_unsplit_stage() -> None:
    stage = {"device": 0, "forward": 1, "backward": 1, "optimizer": 1}
    schedule = spread_out({"microbatches": 2, "stages": [stage]}, devices=1)
    assert verify(schedule) == []
    last = Task(0, 0, "B", 0, 1)
    (violation,) = of_rule("3", earlier(schedule, Task(0, 0, "O", 0, None)))
    assert str(last) in violation.message


def test_without_a_barrier_the_optimizer_waits_for_its_own_stage_alone() -> None:
    schedule = spread_out(split_job())
    assert row_of(schedule, Task(0, 0, "O", 2, None)).start < row_of(schedule, Task(0, 0, "B", 0, 0)).start


def test_with_a_barrier_the_optimizer_waits_for_the_backward_of_all_stages() -> None:
    schedule = spread_out(split_job(optimizer_barrier=True))
    assert verify(schedule) == []
    last, optimizer = Task(0, 0, "W", 0, 0), Task(0, 0, "O", 2, None)
    assert row_of(schedule, optimizer).start == row_of(schedule, last).end
    (violation,) = of_rule("3", earlier(schedule, optimizer))
    assert (violation.task, str(last) in violation.message) == (optimizer, True)


def test_nothing_of_a_job_starts_before_its_release() -> None:
    schedule = spread_out(split_job(release=5))
    assert verify(schedule) == []
    first = Task(0, 0, "F", 0, 0)
    (violation,) = verify(earlier(schedule, first))
    assert (violation.rule, violation.task, violation.device, violation.time) == ("4", first, 0, 4)


def test_in_steady_state_a_release_other_than_0_is_a_violation() -> None:
    schedule = spread_out(split_job(release=5))
    repeated = claimed(schedule.instance, (1,), schedule.tasks, period=100)
    assert [violation.rule for violation in verify(repeated)] == ["4"]
