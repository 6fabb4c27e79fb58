"""Rule 6: what the mode promises to the primary job."""

from collections import Counter
from collections.abc import Iterator

from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation


def check_fill(table: Timetable) -> Iterator[Violation]:
    """Rule 6, ``fill``: the primary's tasks run exactly when its own schedule, in the file, runs them."""
    primary = table.schedule.primary
    if table.schedule.mode != "fill" or primary is None:
        return
    rows = [row for row in table.rows if row.job == 0]
    promised: Counter[tuple[str, int, int | None, int]] = Counter(primary.tasks or ())
    done = Counter(_without_step(row) for row in rows)
    moved = done - promised
    for row in rows:
        if moved[_without_step(row)]:
            moved[_without_step(row)] -= 1
            yield Violation.at("6", row, "does not run at this time in the primary's own schedule")
    for kind, stage, microbatch, start in (promised - done).elements():
        task = Task(0, 0, kind, stage, microbatch)
        yield Violation("6", "runs at this time in the primary's own schedule", task, time=start)
    makespan = table.job_ends[0]
    if primary.makespan != makespan:
        message = f"the primary ends at {makespan}, in its own schedule at {primary.makespan}"
        yield Violation("6", message, time=makespan)


def check_primary_limit(table: Timetable) -> Iterator[Violation]:
    """Rule 6, ``joint`` with a slack: ``makespan(primary) <= limit``."""
    primary = table.schedule.primary
    if table.schedule.mode != "joint" or primary is None:
        return
    makespan = table.job_ends[0]
    if makespan > primary.limit:
        yield Violation("6", f"the primary ends at {makespan}, its limit is {primary.limit}", time=makespan)


def _without_step(row: ScheduledTask) -> tuple[str, int, int | None, int]:
    return row.kind, row.stage, row.microbatch, row.start
