"""Schedules of the measured instance: both jobs woven together, and each alone under 1F1B."""

from contextlib import suppress

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule


def joint(instance: Instance, time_limit: float) -> Schedule:
    """Return the solver's schedule, or the best heuristic's where the solver's packages are missing."""
    try:
        from gapweave.solver.solve import solve
    except ImportError:
        return best_heuristic(instance)
    return solve(instance, time_limit=time_limit)


def best_heuristic(instance: Instance) -> Schedule:
    """Return the shortest schedule of all heuristics for several jobs."""
    problem = Problem(instance)
    made = []
    for name, method in heuristics().items():
        if method.jobs == "many":
            with suppress(NotApplicable):
                starts = method.plan(problem.arrays).starts
                made.append(make_schedule(problem, starts, SolverRecord(name=name)))
    return min(made, key=lambda schedule: schedule.makespan)


def alone(instance: Instance, job: int) -> Schedule:
    """Return the 1F1B schedule of one job."""
    problem = Problem(instance.model_copy(update={"jobs": (instance.jobs[job],)}))
    starts = heuristic("1f1b").plan(problem.arrays).starts
    return make_schedule(problem, starts, SolverRecord(name="1f1b"))
