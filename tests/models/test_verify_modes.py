import pytest
from schedule_factory import as_fill, build_schedule, edited, make_instance, row_of, uniform_job, with_row

from gapweave.models.schedule import Primary, Schedule
from gapweave.models.task import Task
from gapweave.models.verify import verify

FIRST, OTHER = Task(0, 0, "F", 0, 0), Task(1, 0, "B", 0, 0)


@pytest.fixture
def filled() -> Schedule:
    """A primary and a secondary of one microbatch, one after the other, with room at the end."""
    return as_fill(build_schedule(make_instance(uniform_job(2, 1), uniform_job(2, 1), devices=2)))


def rules(schedule: Schedule) -> list[str]:
    return [violation.rule for violation in verify(schedule)]


def limited(schedule: Schedule, limit: int) -> Schedule:
    primary = Primary(source="search", makespan=limit, limit=limit)
    return schedule.model_copy(update={"mode": "joint", "primary": primary})


def test_in_fill_the_primary_runs_where_its_own_schedule_runs_it(filled: Schedule) -> None:
    assert verify(filled) == []


def test_in_fill_no_primary_task_may_move_though_it_could(filled: Schedule) -> None:
    rows = [row._replace(start=row.start + 1, end=row.end + 1) for row in filled.tasks]
    moved = edited(filled, rows)
    assert set(rules(moved)) == {"6"}
    assert rules(moved.model_copy(update={"mode": "joint", "primary": None})) == []


def test_a_moved_primary_task_is_named_with_its_time(filled: Schedule) -> None:
    row = row_of(filled, FIRST)
    late = verify(with_row(filled, FIRST, start=row.start + 50, end=row.end + 50))
    at = {(violation.task, violation.time) for violation in late if violation.rule == "6"}
    assert at >= {(FIRST, row.start + 50), (FIRST, row.start)}


def test_in_fill_the_secondary_is_free(filled: Schedule) -> None:
    row = row_of(filled, OTHER)
    assert rules(with_row(filled, OTHER, start=row.start + 5, end=row.end + 5)) == []


def test_in_fill_the_primary_s_tasks_count_with_their_microbatches() -> None:
    schedule = as_fill(build_schedule(make_instance(uniform_job(1, 2), devices=1)))
    swapped = [row._replace(microbatch=1 - (row.microbatch or 0)) for row in schedule.tasks]
    assert set(rules(edited(schedule, swapped))) == {"6"}


@pytest.mark.parametrize("extra", [[("F", 0, 0, 99)], [("F", 0, 0, 0)]], ids=["elsewhere", "twice"])
def test_in_fill_the_primary_s_schedule_has_no_further_tasks(
    filled: Schedule, extra: list[tuple[str, int, int | None, int]]
) -> None:
    assert filled.primary is not None
    assert filled.primary.tasks is not None
    longer = filled.primary.model_copy(update={"tasks": (*filled.primary.tasks, *extra)})
    (violation,) = verify(filled.model_copy(update={"primary": longer}))
    assert (violation.rule, violation.task, violation.time) == ("6", FIRST, extra[0][3])


@pytest.mark.parametrize("by", [-1, 1])
def test_in_fill_the_header_gives_the_primary_s_makespan(filled: Schedule, by: int) -> None:
    assert filled.primary is not None
    other = filled.primary.model_copy(update={"makespan": filled.primary.makespan + by})
    assert rules(filled.model_copy(update={"primary": other})) == ["6"]


def test_with_a_slack_the_primary_ends_within_its_limit(filled: Schedule) -> None:
    end = filled.job_makespans["job0"]
    assert rules(limited(filled, end)) == []
    (violation,) = verify(limited(filled, end - 1))
    assert (violation.rule, violation.time) == ("6", end)


def test_without_a_primary_nothing_is_promised(filled: Schedule) -> None:
    assert rules(filled.model_copy(update={"mode": "joint", "primary": None})) == []


def test_in_fill_there_is_no_limit_beside_the_times(filled: Schedule) -> None:
    assert filled.primary is not None
    strict = filled.primary.model_copy(update={"limit": filled.primary.makespan - 1})
    assert rules(filled.model_copy(update={"primary": strict})) == []
