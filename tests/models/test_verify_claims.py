from typing import Any

import pytest
from schedule_factory import build_schedule, edited, make_instance, uniform_job

from gapweave.models.schedule import Bound, Schedule
from gapweave.models.verify import verify


@pytest.fixture
def schedule() -> Schedule:
    return build_schedule(make_instance(uniform_job(2, 2), uniform_job(2, 1), devices=2))


def messages(schedule: Schedule, **header: Any) -> list[str]:
    violations = verify(schedule.model_copy(update=header))
    assert {violation.rule for violation in violations} <= {"claim"}
    return [violation.message for violation in violations]


@pytest.mark.parametrize("by", [-1, 1])
def test_the_makespan_is_computed_again(schedule: Schedule, by: int) -> None:
    value = schedule.makespan
    assert messages(schedule, makespan=value + by) == [f"makespan is {value}, the file says {value + by}"]


def test_the_makespan_counts_from_0_and_in_steady_state_from_the_first_start(schedule: Schedule) -> None:
    rows = [row._replace(start=row.start + 7, end=row.end + 7) for row in schedule.tasks]
    assert edited(schedule, rows).makespan == schedule.makespan + 7
    assert messages(edited(schedule, rows)) == []
    assert messages(edited(schedule, rows), makespan=schedule.makespan) != []
    repeated = edited(schedule, rows, period=100)
    assert repeated.makespan == schedule.makespan
    assert messages(repeated) == []
    assert messages(repeated, makespan=schedule.makespan + 7) != []


def test_job_makespans_give_the_latest_end_of_exactly_the_jobs(schedule: Schedule) -> None:
    ends = schedule.job_makespans
    assert len(messages(schedule, job_makespans={**ends, "job1": ends["job1"] - 1})) == 1
    assert messages(schedule, job_makespans={"job0": ends["job0"]}) == ["job_makespans lacks 'job1'"]
    assert len(messages(schedule, job_makespans={**ends, "job\n2": 0})) == 1


@pytest.mark.parametrize("repeated", [False, True])
def test_optimal_means_that_value_and_lower_bound_are_equal(schedule: Schedule, repeated: bool) -> None:
    if repeated:
        schedule = edited(schedule, schedule.tasks, period=100)
    value, bound = schedule.value, Bound(argument="search")
    assert messages(schedule, status="optimal", lower_bound=value, bound=bound) == []
    assert messages(schedule, status="feasible", lower_bound=value, bound=bound) == []
    assert messages(schedule, status="feasible", lower_bound=value - 1, bound=bound) == []
    assert len(messages(schedule, status="optimal", lower_bound=value - 1, bound=bound)) == 1
    assert len(messages(schedule, status="optimal")) == 1


def test_a_lower_bound_never_exceeds_the_value(schedule: Schedule) -> None:
    bound = Bound(argument="search")
    assert len(messages(schedule, lower_bound=schedule.makespan + 1, bound=bound)) == 1
