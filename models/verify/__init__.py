"""The verifier: whether a schedule keeps every rule, in plain Python integers, straight from the rules.

It shares no code with the task graph or any solver, so that an error there is caught here.
"""

from collections.abc import Callable, Iterable

from gapweave.models.schedule import Schedule
from gapweave.models.verify.claims import check_job_makespans, check_makespan, check_status
from gapweave.models.verify.memory import check_memory
from gapweave.models.verify.modes import check_fill, check_primary_limit
from gapweave.models.verify.overlap import check_overlaps
from gapweave.models.verify.precedence import check_optimizer, check_pipeline, check_release
from gapweave.models.verify.steps import check_steps
from gapweave.models.verify.tasks import check_task_rows, check_task_set
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation

__all__ = ["Violation", "verify"]

CHECKS: tuple[Callable[[Timetable], Iterable[Violation]], ...] = (
    check_task_set,
    check_task_rows,
    check_overlaps,
    check_pipeline,
    check_optimizer,
    check_release,
    check_memory,
    check_fill,
    check_primary_limit,
    check_steps,
    check_makespan,
    check_job_makespans,
    check_status,
)


def verify(schedule: Schedule) -> list[Violation]:
    """Check a schedule against every rule of feasibility and against its own header.

    Parameters
    ----------
    schedule
        Any schedule that loads, however wrong. Where tasks are unknown, doubled or missing, rule 1 says so
        and the later rules look at the first row of each known task.

    Returns
    -------
    list of Violation
        In order of the rules; empty exactly if the schedule is feasible and its header true. The lower
        bound is not proven again, only compared with the value.
    """
    table = Timetable.read(schedule)
    return [violation for check in CHECKS for violation in check(table)]
