import pytest
from schedule_factory import build_schedule, edited, make_instance, row_of, uniform_job, with_row

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify import Violation, verify

LAST = Task(0, 0, "B", 0, 1)


@pytest.fixture
def schedule() -> Schedule:
    """Two devices, two microbatches: F F _ B B / _ F B F B, each F 1 and each B 2 ticks."""
    return build_schedule(make_instance(uniform_job(2, 2), devices=2))


def of_rule_1(schedule: Schedule) -> list[Violation]:
    return [violation for violation in verify(schedule) if violation.rule == "1"]


def test_a_valid_schedule_breaks_no_rule(schedule: Schedule) -> None:
    assert verify(schedule) == []


def test_a_missing_task_is_named_with_its_device(schedule: Schedule) -> None:
    rows = [row for row in schedule.tasks if row.task != LAST]
    assert of_rule_1(edited(schedule, rows)) == [Violation("1", "is missing", LAST, 0)]


def test_an_empty_schedule_misses_every_task(schedule: Schedule) -> None:
    assert len(of_rule_1(edited(schedule, []))) == len(schedule.tasks)


def test_a_doubled_task_is_reported_where_it_runs_again(schedule: Schedule) -> None:
    again = row_of(schedule, LAST)._replace(start=90, end=92)
    (violation,) = of_rule_1(edited(schedule, [*schedule.tasks, again]))
    assert (violation.task, violation.device, violation.time) == (LAST, 0, 90)


@pytest.mark.parametrize(
    ("stranger", "reason"),
    [
        (ScheduledTask(1, 0, "F", 0, 0, 0, 90, 91), "1 jobs"),
        (ScheduledTask(0, 1, "F", 0, 0, 0, 90, 91), "1 steps"),
        (ScheduledTask(0, 0, "F", 2, 0, 0, 90, 91), "2 stages"),
        (ScheduledTask(0, 0, "F", 0, 2, 0, 90, 91), "2 microbatches"),
        (ScheduledTask(0, 0, "F", 0, -1, 0, 90, 91), "2 microbatches"),
        (ScheduledTask(0, 0, "F", 0, None, 0, 90, 91), "2 microbatches"),
        (ScheduledTask(0, 0, "W", 0, 0, 0, 90, 91), "no W"),
        (ScheduledTask(0, 0, "O", 0, None, 0, 90, 91), "no O"),
    ],
)
def test_a_row_that_is_no_task_is_reported_with_the_reason(
    schedule: Schedule, stranger: ScheduledTask, reason: str
) -> None:
    violations = verify(edited(schedule, [*schedule.tasks, stranger]))
    assert (violations[0].rule, violations[0].task) == ("1", stranger.task)
    assert reason in violations[0].message


def test_the_optimizer_has_no_microbatch() -> None:
    job = uniform_job(1, 1)
    job["stages"][0]["optimizer"] = 1
    schedule = build_schedule(make_instance(job, devices=1))
    assert verify(schedule) == []
    numbered = with_row(schedule, Task(0, 0, "O", 0, None), microbatch=0)
    stranger, missing = of_rule_1(numbered)
    assert "O has no microbatch" in stranger.message
    assert missing.task == Task(0, 0, "O", 0, None)


@pytest.mark.parametrize("by", [-1, 1])
def test_a_task_lasts_exactly_its_duration(schedule: Schedule, by: int) -> None:
    row = row_of(schedule, LAST)
    (violation,) = of_rule_1(with_row(schedule, LAST, end=row.end + by))
    assert violation.task == LAST
    assert violation.message == f"lasts {2 + by}, its duration is 2"


def test_a_task_runs_on_the_device_of_its_stage(schedule: Schedule) -> None:
    (violation,) = of_rule_1(with_row(schedule, LAST, device=1))
    assert (violation.task, violation.device) == (LAST, 1)


def test_nothing_starts_before_time_0(schedule: Schedule) -> None:
    first = Task(0, 0, "F", 0, 0)
    (violation,) = of_rule_1(with_row(schedule, first, start=-1, end=0))
    assert (violation.task, violation.time) == (first, -1)


def test_a_violation_reads_as_one_line_with_rule_task_device_and_time() -> None:
    violation = Violation("2", "overlaps", Task(1, 0, "F", 2, 3), 4, 5)
    assert str(violation) == "rule 2 (F of job 1, stage 2, microbatch 3; device 4; time 5): overlaps"
    assert str(Violation("claim", "makespan is 3")) == "claim: makespan is 3"
