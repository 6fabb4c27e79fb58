from hypothesis import given
from hypothesis import strategies as st
from random_schedules import periodic_schedules
from schedule_factory import zero_idle_period

from gapweave.models.expand import expanded
from gapweave.models.schedule import Schedule
from gapweave.models.steady_window import first_steady_period, images
from gapweave.models.task import ScheduledTask


def work_between(rows: list[ScheduledTask], begin: int, end: int) -> int:
    return sum(max(0, min(row.end, end) - max(row.start, begin)) for row in rows)


@given(schedule=periodic_schedules(), begin=st.integers(-50, 50))
def test_a_window_of_one_period_holds_the_work_of_one_period_wherever_it_begins(
    schedule: Schedule, begin: int
) -> None:
    assert schedule.period is not None
    end = begin + schedule.period
    work = sum(row.end - row.start for row in schedule.tasks)
    assert work_between(images(schedule, begin, end), begin, end) == work


@given(schedule=periodic_schedules(), begin=st.integers(-50, 50))
def test_images_are_the_tasks_of_all_periods_that_touch_the_window(schedule: Schedule, begin: int) -> None:
    assert schedule.period is not None
    end = begin + 2 * schedule.period
    expected = {
        row._replace(
            step=row.step + number * schedule.steps[row.job],
            start=row.start + number * schedule.period,
            end=row.end + number * schedule.period,
        )
        for number in range(-60, 61)
        for row in schedule.tasks
    }
    expected = {row for row in expected if row.start < end and row.end > begin}
    found = images(schedule, begin, end)
    assert set(found) == expected
    assert len(found) == len(expected)


@given(schedule=periodic_schedules())
def test_training_is_in_steady_state_from_the_first_steady_period_on_and_not_before(
    schedule: Schedule,
) -> None:
    assert schedule.period is not None
    first = first_steady_period(schedule)
    rows = list(expanded(schedule, first + 1).tasks)
    work = sum(row.end - row.start for row in schedule.tasks)
    edges = [number * schedule.period for number in range(first + 2)]
    done = [work_between(rows, *edges[number : number + 2]) for number in range(first + 1)]
    assert done[first] == work
    assert all(early < work for early in done[:first])


def test_a_task_longer_than_a_wrong_period_has_few_images() -> None:
    schedule = zero_idle_period(2, 2, period=1)
    assert len(images(schedule, 0, 2)) <= 3 * len(schedule.tasks)
