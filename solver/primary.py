"""The primary's own schedule: by a policy, by the solver, or from a schedule file."""

from collections.abc import Callable
from fractions import Fraction
from math import floor
from pathlib import Path

from gapweave.models.errors import Infeasible
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, Schedule, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.job_alone import JobAlone, alone, from_schedule
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule

#: Name of the method that lets gapweave itself schedule the primary alone.
SOLVER = "solver"

SolveAlone = Callable[[Instance], Schedule]


def primary_alone(instance: Instance, method: str | Path | Schedule, solve_alone: SolveAlone) -> JobAlone:
    """Return the primary as it runs alone.

    Parameters
    ----------
    method
        Name of a single-job policy; "solver"; a schedule, or the path of a schedule file, whose first job
        is the primary.
    solve_alone
        Solves an instance that has only the primary.

    Raises
    ------
    InvalidOption, InvalidSchedule, NotApplicable
        The method does not exist, cannot be read, or does not apply.
    Infeasible
        A given schedule leaves no room for the resident memory of the other jobs, or breaks another rule.
    """
    if isinstance(method, Schedule):
        return _checked(from_schedule(instance, method, method.solver.name))
    if method == SOLVER:
        return from_schedule(instance, solve_alone(instance.with_jobs(0)), SOLVER)
    if method in heuristics() or not _looks_like_file(method):
        return alone(instance, 0, heuristic(str(method)))
    return _checked(from_schedule(instance, Schedule.load(method), str(method)))


def with_slack(own: JobAlone, slack: float) -> Primary:
    """Return the primary's limit: ``floor((1 + slack) x its best makespan alone)``."""
    limit = floor((1 + Fraction(str(slack))) * own.makespan)
    return Primary(source=own.source, makespan=own.makespan, limit=limit)


def _looks_like_file(method: str | Path) -> bool:
    return isinstance(method, Path) or "/" in method or method.endswith(".json") or Path(method).exists()


def _checked(own: JobAlone) -> JobAlone:
    """Refuse times that break a rule, before anything is built around them."""
    problem = Problem(own.arrays.instance)
    record = SolverRecord(name=own.source)
    violations = verify(make_schedule(problem, own.starts, record, verify_it=False))
    if violations:
        raise Infeasible(f"the primary's schedule {own.source} cannot be kept: {violations[0]}")
    return own
