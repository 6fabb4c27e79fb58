"""From a heuristic's plan to a verified schedule, as `compare` does it."""

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics import Heuristic
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule


def planned(instance: Instance, method: Heuristic) -> Schedule:
    """The method's schedule with the best bound that needs no search (NotApplicable)."""
    plan = method.plan(TaskArrays.build(instance))
    problem = Problem(instance, "joint" if plan.primary is None else "fill", plan.primary)
    return make_schedule(
        problem,
        plan.starts,
        SolverRecord(name=method.name),
        lower_bound=problem.bound.value,
        bound=problem.bound.bound,
    )


def planned_or_reason(instance: Instance, method: Heuristic) -> Schedule | str:
    """The method's schedule, or why it does not apply."""
    try:
        return planned(instance, method)
    except NotApplicable as exc:
        return str(exc)
