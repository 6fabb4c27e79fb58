"""What the schedule's header says about its tasks, computed again."""

from collections.abc import Iterator

from gapweave.models.fields import shown
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation


def check_makespan(table: Timetable) -> Iterator[Violation]:
    """``makespan`` is the latest end; with a period, less the earliest start."""
    makespan = max(table.job_ends)
    if table.schedule.period is not None:
        makespan -= min((row.start for row in table.rows), default=0)
    if table.schedule.makespan != makespan:
        yield Violation("claim", f"makespan is {makespan}, the file says {table.schedule.makespan}")


def check_job_makespans(table: Timetable) -> Iterator[Violation]:
    """``job_makespans`` gives the latest end of each job, by its name."""
    claimed = table.schedule.job_makespans
    names = {job.name for job in table.instance.jobs}
    for name in claimed:
        if name not in names:
            yield Violation("claim", f"job_makespans names {shown(name)}, which is no job")
    for job, end in zip(table.instance.jobs, table.job_ends, strict=True):
        if job.name not in claimed:
            yield Violation("claim", f"job_makespans lacks {shown(job.name)}")
        elif claimed[job.name] != end:
            message = f"job makespan of {shown(job.name)} is {end}, the file says {claimed[job.name]}"
            yield Violation("claim", message)


def check_status(table: Timetable) -> Iterator[Violation]:
    """``lower_bound <= value``; ``optimal`` only if they are equal."""
    value, bound = table.schedule.value, table.schedule.lower_bound
    if bound is not None and bound > value:
        yield Violation("claim", f"lower_bound {bound} exceeds the value {value}")
    if table.schedule.status == "optimal" and value != bound:
        yield Violation(
            "claim", f"status is optimal, but lower_bound is {shown(bound)} and the value {value}"
        )
