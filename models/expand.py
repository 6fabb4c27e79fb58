"""A finite schedule out of a periodic one: its periods in a row, begun once and drained once."""

from gapweave.models.errors import InvalidOption
from gapweave.models.fields import MAX_TASKS
from gapweave.models.schedule import Primary, Schedule, sort_tasks
from gapweave.models.task import ScheduledTask


def expanded(schedule: Schedule, periods: int) -> Schedule:
    """Return the first periods of a periodic schedule as one of objective ``makespan``.

    Every job does ``periods`` times as many steps. While the first ones fill the pipeline and the last ones
    drain it, devices idle; in between they do what steady state does. Nothing is known about the least
    makespan of so many steps, so no bound is claimed.

    Raises
    ------
    InvalidOption
        The schedule has no period, or would have too many tasks.
    """
    if schedule.period is None:
        raise InvalidOption("only a schedule with a period can be expanded")
    if periods < 1:
        raise InvalidOption(f"expected at least 1 period, got {periods}")
    if periods * len(schedule.tasks) > MAX_TASKS:
        problem = f"{periods} periods have {periods * len(schedule.tasks)} tasks"
        raise InvalidOption(f"{problem}, expected at most {MAX_TASKS}")
    rows = [
        row._replace(
            step=row.step + number * schedule.steps[row.job],
            start=row.start + number * schedule.period,
            end=row.end + number * schedule.period,
        )
        for number in range(periods)
        for row in schedule.tasks
    ]
    ends = [max(row.end for row in rows if row.job == job) for job in range(len(schedule.steps))]
    names = [job.name for job in schedule.instance.jobs]
    return schedule.model_copy(
        update={
            "objective": "makespan",
            "period": None,
            "steps": tuple(periods * count for count in schedule.steps),
            "status": "feasible",
            "makespan": max(ends),
            "lower_bound": None,
            "bound": None,
            "job_makespans": dict(zip(names, ends, strict=True)),
            "primary": _promise(schedule, rows, ends[0]),
            "tasks": sort_tasks(rows),
        }
    )


def _promise(schedule: Schedule, rows: list[ScheduledTask], end: int) -> Primary | None:
    """Return what is left of the promise to the primary: its times, but no limit on its period."""
    if schedule.mode != "fill" or schedule.primary is None:
        return None
    tasks = tuple((row.kind, row.stage, row.microbatch, row.start) for row in rows if row.job == 0)
    return Primary(source=schedule.primary.source, makespan=end, limit=end, tasks=tasks)
