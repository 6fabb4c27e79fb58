"""Schedules of the measured instance: both jobs woven together, and each alone under 1F1B."""

from contextlib import suppress

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance, Stage
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule


def joint(instance: Instance, time_limit: float) -> tuple[Schedule, str]:
    """Return the solver's schedule (the best heuristic's if it cannot be loaded), and who made it."""
    try:
        from gapweave.solver.solve import solve
    except Exception as exc:  # a package is missing, or the one it finds does not suit it
        schedule = best_heuristic(instance)
        reason = f"the solver cannot be loaded: {type(exc).__name__}: {exc}"
        return schedule, f"scheduled by the heuristic {schedule.solver.name}: {reason}"
    schedule = solve(instance, time_limit=time_limit)
    return schedule, f"scheduled by the solver in {schedule.solver.wall_time:.1f} s: {schedule.status}"


def best_heuristic(instance: Instance) -> Schedule:
    """Return the shortest schedule of all heuristics for several jobs."""
    problem = Problem(instance)
    made = []
    for method in heuristics().values():
        if method.jobs == "many":
            with suppress(NotApplicable):
                starts = method.plan(problem.arrays).starts
                made.append(make_schedule(problem, starts, SolverRecord(name=method.name)))
    return min(made, key=lambda schedule: schedule.makespan)


def alone(instance: Instance, job: int, idle: Instance | None = None) -> Schedule:
    """Return the 1F1B schedule of one job.

    Parameters
    ----------
    instance
        With durations beside devices that are always busy.
    idle
        The same with durations beside idle devices. One job leaves devices idle now and then: its durations
        lie between the two, as far towards ``instance`` as devices are busy.
    """
    schedule = _one_f_one_b(instance, job)
    if idle is None:
        return schedule
    work = sum(row.end - row.start for row in schedule.tasks)
    busy = work / (len(instance.devices) * schedule.makespan)
    return _one_f_one_b(between(idle, instance, busy), job)


def between(idle: Instance, loaded: Instance, share: float) -> Instance:
    """Return the instance whose durations lie a share of the way from idle to loaded."""

    def mixed(first: Stage, second: Stage) -> Stage:
        kinds = ("forward", "backward", "optimizer")
        pairs = {kind: (getattr(first, kind), getattr(second, kind)) for kind in kinds}
        return second.model_copy(
            update={kind: round(low + share * (high - low)) for kind, (low, high) in pairs.items()}
        )

    jobs = []
    for first, second in zip(idle.jobs, loaded.jobs, strict=True):
        stages = tuple(map(mixed, first.stages, second.stages))
        jobs.append(second.model_copy(update={"stages": stages}))
    return Instance.from_document(loaded.model_copy(update={"jobs": tuple(jobs)}).to_document())


def _one_f_one_b(instance: Instance, job: int) -> Schedule:
    problem = Problem(instance.with_jobs(job))
    starts = heuristic("1f1b").plan(problem.arrays).starts
    return make_schedule(problem, starts, SolverRecord(name="1f1b"))
