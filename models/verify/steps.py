"""Rule 7: the steps of a job are strictly synchronous."""

from collections.abc import Iterator

from gapweave.models.instance import Job
from gapweave.models.task import ScheduledTask
from gapweave.models.verify.timetable import Timetable, latest
from gapweave.models.verify.violation import Violation


def check_steps(table: Timetable) -> Iterator[Violation]:
    """Rule 7: no F of a step starts before the step before it has ended on that stage.

    With ``optimizer_barrier``, every B and W of all stages must have ended as well. With a period T the
    first step, T later, follows the last.
    """
    period = table.schedule.period
    for number, job in enumerate(table.instance.jobs):
        count = table.schedule.steps[number]
        for step in range(count - 1):
            yield from _follows(table, number, job, step, step + 1, 0)
        if period is not None:
            yield from _follows(table, number, job, count - 1, 0, period)


def _follows(
    table: Timetable, number: int, job: Job, before: int, after: int, shift: int
) -> Iterator[Violation]:
    """``start(F(s,m)) + shift >= end`` of every task that the step before must have finished."""
    for s, last in enumerate(_last_tasks(table, number, job, before)):
        if last is None:
            continue
        for row in table.block(number, after, "F", s):
            if row is not None and row.start + shift < last.end:
                later = f" (one period of {shift} later)" if shift else ""
                yield Violation.at("7", row, f"starts{later} before {last.task} ends at {last.end}")


def _last_tasks(table: Timetable, number: int, job: Job, step: int) -> list[ScheduledTask | None]:
    """Return, for each stage, the task that must have ended before the stage begins its next step."""
    stages = range(len(job.stages))
    blocks = {(kind, s): table.block(number, step, kind, s) for s in stages for kind in "BWO"}
    last = [latest([*blocks["B", s], *blocks["W", s], *blocks["O", s]]) for s in stages]
    if job.optimizer_barrier:
        barrier = latest([row for s in stages for kind in "BW" for row in blocks[kind, s]])
        last = [latest([own, barrier]) for own in last]
    return last
