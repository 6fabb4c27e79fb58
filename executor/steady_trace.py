"""What a trace shows of a schedule with a period: two periods of a training that has reached steady state."""

from collections.abc import Iterator

from gapweave.executor.trace_events import TraceEvent
from gapweave.models.memory import Profile, memory_profiles
from gapweave.models.schedule import Schedule
from gapweave.models.steady_window import first_steady_period, images
from gapweave.models.task import ScheduledTask

PERIODS = 2


def traced_periods(schedule: Schedule) -> range:
    """Return which periods a trace shows, counted from 0 when training begins: the first without warm-up."""
    first = first_steady_period(schedule)
    return range(first, first + PERIODS)


def traced_tasks(schedule: Schedule) -> list[ScheduledTask]:
    """Return every task that runs in these periods, whole, with times and steps from when training begins."""
    return images(schedule, *_window(schedule))


def traced_profiles(schedule: Schedule) -> list[Profile]:
    """Return the memory of every device during these periods, of all live steps together."""
    starts = [number * (schedule.period or 0) for number in traced_periods(schedule)]
    return [
        [(start + time, level) for start in starts for time, level in profile]
        for profile in memory_profiles(schedule)
    ]


def period_events(schedule: Schedule) -> Iterator[tuple[TraceEvent, int, int]]:
    """Yield periods, and begin and end of steps, as events without times and their begin and end in ticks."""
    period = schedule.period or 0
    shared: TraceEvent = {"pid": len(schedule.instance.devices), "tid": 0}
    for number in traced_periods(schedule):
        event = shared | {"ph": "X", "name": f"period {number}", "cat": "period"}
        yield event, number * period, (number + 1) * period
    for (job, step), (begin, end) in _steps(schedule).items():
        name = schedule.instance.jobs[job].name
        steps = {"name": f"{name} step {step}", "cat": "step", "id": f"{job}.{step}"}
        yield shared | steps | {"ph": "b"}, begin, begin
        yield shared | steps | {"ph": "e"}, end, end


def _window(schedule: Schedule) -> tuple[int, int]:
    periods = traced_periods(schedule)
    return periods.start * (schedule.period or 0), periods.stop * (schedule.period or 0)


def _steps(schedule: Schedule) -> dict[tuple[int, int], tuple[int, int]]:
    """Return first start and last end of what is shown of each (job, step), in ticks."""
    extents: dict[tuple[int, int], tuple[int, int]] = {}
    for row in traced_tasks(schedule):
        begin, end = extents.get((row.job, row.step), (row.start, row.end))
        extents[row.job, row.step] = min(begin, row.start), max(end, row.end)
    return extents
