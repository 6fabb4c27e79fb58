"""From when to when each step of each job lasts, and what it is called."""

from collections.abc import Iterator
from dataclasses import dataclass

from gapweave.models.schedule import Schedule
from gapweave.reports.chart_window import window_of

#: With more jobs there is no room for a line of steps each.
_MOST_JOBS = 6
#: Steps that keep the rules meet a window of two periods in fewer images.
_MOST_IMAGES = 16


@dataclass(frozen=True)
class StepSpan:
    """One step of a job, from its first start to its last end, in ticks; in steady state cut at the window.

    Attributes
    ----------
    step
        In steady state counted from the first step of the period that begins at 0.
    is_torn_left, is_torn_right
        Whether it begins before the window, or ends after it.
    """

    job: int
    step: int
    name: str
    start: int
    end: int
    is_torn_left: bool
    is_torn_right: bool


def has_steps(schedule: Schedule) -> bool:
    """Whether a chart shows more than one step of a job, so that it must tell them apart."""
    return schedule.period is not None or max(schedule.steps) > 1


def is_marked(step: int) -> bool:
    """Whether a step is one of those that are marked to tell them from their neighbours: every other one."""
    return step % 2 == 1


def step_name(schedule: Schedule, step: int) -> str:
    """Return what a step is called; in steady state step n is the first of the period that begins at 0."""
    if schedule.period is None:
        return f"step {step}"
    sign = "+" if step > 0 else "\N{MINUS SIGN}"
    return f"step n{sign}{abs(step)}" if step else "step n"


def step_spans(schedule: Schedule) -> list[list[StepSpan]]:
    """Return the steps of each job in the chart's window, by time; none if nothing has to be told apart.

    Of more than six jobs the first six are returned.
    """
    if not has_steps(schedule):
        return []
    spans: list[list[StepSpan]] = [[] for _ in schedule.instance.jobs[:_MOST_JOBS]]
    for (job, step), (start, end) in _extents(schedule).items():
        if job < len(spans):
            spans[job] += _in_window(schedule, job, step, start, end)
    return [sorted(own, key=lambda span: span.step) for own in spans]


def _extents(schedule: Schedule) -> dict[tuple[int, int], tuple[int, int]]:
    """Return first start and last end of every (job, step) of the file."""
    extents: dict[tuple[int, int], tuple[int, int]] = {}
    for row in schedule.tasks:
        start, end = extents.get((row.job, row.step), (row.start, row.end))
        extents[row.job, row.step] = min(start, row.start), max(end, row.end)
    return extents


def _in_window(schedule: Schedule, job: int, step: int, start: int, end: int) -> Iterator[StepSpan]:
    """Yield a step and, in steady state, its images in other periods that reach into the window."""
    first, last = window_of(schedule)
    period = schedule.period or last - first
    numbers = range((first - end) // period + 1, (last - 1 - start) // period + 1)[:_MOST_IMAGES]
    for number in numbers if schedule.period is not None else (0,):
        left, right = start + number * period, end + number * period
        own = step + number * schedule.steps[job]
        cut = max(left, first), min(right, last)
        yield StepSpan(job, own, step_name(schedule, own), *cut, left < first, right > last)
