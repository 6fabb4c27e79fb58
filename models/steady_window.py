"""Steady state as it is seen in a window of time: the images of a periodic schedule's tasks."""

from collections.abc import Iterator

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

#: A task of a schedule that keeps the rules is no longer than its period, so no more images of it meet two
#: periods; of a longer one, which only a wrong schedule has, these are enough to see it.
_MOST_IMAGES = 3


def images(schedule: Schedule, begin: int, end: int) -> list[ScheduledTask]:
    """Return the tasks of all periods, past and future, that run at some time in [begin, end).

    Parameters
    ----------
    schedule
        One with a period T.
    begin, end
        In ticks, at most two periods apart; 0 is where the first period of the file begins.

    Returns
    -------
    list of ScheduledTask
        With their own times, which may reach beyond the window, in order of their starts. Steps count on
        from period to period: those before the file's first period are negative.
    """
    assert schedule.period is not None
    found = [image for row in schedule.tasks for image in _images_of(row, schedule, begin, end)]
    return sorted(found, key=lambda row: (row.start, row.device, row.job, row.step, row.stage))


def first_steady_period(schedule: Schedule) -> int:
    """Return from which period on, counted from 0, training that begins at 0 is in steady state."""
    assert schedule.period is not None
    return max(((row.end - 1) // schedule.period for row in schedule.tasks), default=0)


def _images_of(row: ScheduledTask, schedule: Schedule, begin: int, end: int) -> Iterator[ScheduledTask]:
    period, steps = schedule.period or 1, schedule.steps
    # Rows of a wrong schedule may name jobs that do not exist.
    per_period = steps[row.job] if row.job < len(steps) else 1
    first = (begin - row.end) // period + 1
    last = (end - 1 - row.start) // period
    for number in range(first, min(last + 1, first + _MOST_IMAGES)):
        shift = number * period
        yield row._replace(step=row.step + number * per_period, start=row.start + shift, end=row.end + shift)
