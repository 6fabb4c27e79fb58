"""Plan and measurement as two schedules in nanoseconds, which charts can draw on one time axis."""

from typing import Any

from gapweave.executor.measured.steps import MeasuredStep
from gapweave.executor.measured.tick_length import TickLength
from gapweave.models.schedule import Schedule, SolverRecord, sort_tasks
from gapweave.models.task import ScheduledTask

#: Who made a schedule of measured times.
MEASURED = "measured"


def planned_schedule(schedule: Schedule, length: TickLength) -> Schedule:
    """Return the plan with all times in nanoseconds, from its first task on."""
    origin = min((row.start for row in schedule.tasks), default=0)
    rows = [
        row._replace(start=length.of(row.start - origin), end=length.of(row.end - origin))
        for row in schedule.tasks
    ]
    values = {
        field: None if value is None else length.of(value)
        for field in ("makespan", "period", "lower_bound")
        for value in [getattr(schedule, field)]
    }
    makespans = {name: length.of(value) for name, value in schedule.job_makespans.items()}
    return _copied(schedule, rows, values | {"job_makespans": makespans})


def measured_schedule(schedule: Schedule, step: MeasuredStep) -> Schedule:
    """Return one step as it ran, in nanoseconds since its first task; it has no lower bound.

    ``solver.notes`` hold the number of the step, counted from 0.
    """
    rows = [
        ScheduledTask(*event.action.task, event.rank, event.begin - step.origin, event.end - step.origin)
        for events in step.events
        for event in events
        if event.action.op == "run"
    ]
    ends = {
        job.name: max((row.end for row in rows if row.job == index), default=0)
        for index, job in enumerate(schedule.instance.jobs)
    }
    header = {
        "objective": "makespan",
        "status": "feasible",
        "makespan": step.makespan,
        "period": None,
        "lower_bound": None,
        "bound": None,
        "job_makespans": ends,
        "solver": SolverRecord(name=MEASURED, notes={"repetition": step.repetition}),
    }
    return _copied(schedule, rows, header)


def _copied(schedule: Schedule, rows: list[ScheduledTask], header: dict[str, Any]) -> Schedule:
    instance = schedule.instance.model_copy(update={"time_unit": "ns"})
    return schedule.model_copy(update=header | {"instance": instance, "tasks": sort_tasks(rows)})
