"""Rule 6: what the mode promises to the primary job."""

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from gapweave.models.schedule import Primary
from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation

#: Step (always 0 without a period), kind, stage, microbatch, start.
_Promise: TypeAlias = tuple[int, str, int, int | None, int]


def check_fill(table: Timetable) -> Iterator[Violation]:
    """Rule 6, ``fill``: the primary's tasks run exactly when its own schedule, in the file, runs them.

    With a period its own schedule is one step, and step n runs n times its own period later.
    """
    primary = table.schedule.primary
    if table.schedule.mode != "fill" or primary is None:
        return
    count, expected = len(primary.tasks or ()), table.instance.jobs[0].task_count
    if table.schedule.period is not None and count != expected:
        yield Violation("6", f"the primary's own schedule has {count} tasks, one step has {expected}")
        return
    rows = [row for row in table.rows if row.job == 0]
    promised, done = _promised(table, primary), Counter(_promise(table, row) for row in rows)
    moved = done - promised
    for row in rows:
        if moved[_promise(table, row)]:
            moved[_promise(table, row)] -= 1
            yield Violation.at("6", row, "does not run at this time in the primary's own schedule")
    for step, kind, stage, microbatch, start in (promised - done).elements():
        task = Task(0, step, kind, stage, microbatch)
        yield Violation("6", "runs at this time in the primary's own schedule", task, time=start)
    yield from _check_pace(table, primary)


def check_primary_limit(table: Timetable) -> Iterator[Violation]:
    """Rule 6, ``joint`` with a slack: ``makespan(primary) <= limit``; with a period ``T <= steps limit``."""
    primary, period = table.schedule.primary, table.schedule.period
    if table.schedule.mode != "joint" or primary is None:
        return
    if period is None:
        makespan = table.job_ends[0]
        if makespan > primary.limit:
            message = f"the primary ends at {makespan}, its limit is {primary.limit}"
            yield Violation("6", message, time=makespan)
        return
    steps = table.schedule.steps[0]
    if period > steps * primary.limit:
        message = f"the period is {period}, its limit is {steps} steps of {primary.limit}"
        yield Violation("6", message, time=period)


def _promised(table: Timetable, primary: Primary) -> Counter[_Promise]:
    """Return when the primary's tasks must run, how often at each time."""
    steps = 1 if table.schedule.period is None else table.schedule.steps[0]
    return Counter(
        (step, kind, stage, microbatch, start + step * primary.makespan)
        for step in range(steps)
        for kind, stage, microbatch, start in primary.tasks or ()
    )


def _promise(table: Timetable, row: ScheduledTask) -> _Promise:
    step = 0 if table.schedule.period is None else row.step
    return step, row.kind, row.stage, row.microbatch, row.start


def _check_pace(table: Timetable, primary: Primary) -> Iterator[Violation]:
    """The primary ends when it does alone; with a period, it does its steps as often as alone."""
    period, steps = table.schedule.period, table.schedule.steps[0]
    makespan = table.job_ends[0]
    if period is None and primary.makespan != makespan:
        message = f"the primary ends at {makespan}, in its own schedule at {primary.makespan}"
        yield Violation("6", message, time=makespan)
    if period is not None and period != steps * primary.makespan:
        message = f"the period is {period}, the primary's {steps} steps take {steps * primary.makespan}"
        yield Violation("6", message, time=period)
