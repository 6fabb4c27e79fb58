"""The primary's own schedule: by a policy, by the solver, or from a schedule file."""

from collections.abc import Callable
from fractions import Fraction
from math import floor
from pathlib import Path

from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, Schedule, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.heuristics.registry import TORCH_CSV
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
        return _checked(_of_one_step(instance, method, method.solver.name))
    if method == SOLVER:
        return from_schedule(instance, solve_alone(instance.with_jobs(0)), SOLVER)
    if is_policy(method):
        return alone(instance, 0, heuristic(str(method)))
    return _checked(_of_one_step(instance, Schedule.load(method), str(method)))


def _of_one_step(instance: Instance, schedule: Schedule, source: str) -> JobAlone:
    if schedule.objective != "makespan":
        raise InvalidOption(
            f"{source}: expected a schedule with objective makespan, got {schedule.objective!r}"
        )
    return from_schedule(instance, schedule, source)


def best_known_alone(
    instance: Instance, known: str | Path | Schedule | None, solve_alone: SolveAlone
) -> JobAlone:
    """Return the best schedule of the primary alone: a known one, or the solver's.

    Raises
    ------
    InvalidOption
        ``known`` is a policy, which promises nothing about how good its schedule is; otherwise as
        `primary_alone`.
    """
    require_best(known)
    return primary_alone(instance, SOLVER if known is None else known, solve_alone)


def require_best(known: str | Path | Schedule | None) -> None:
    """Refuse a policy where the best schedule of the primary alone is asked for (InvalidOption)."""
    if isinstance(known, str) and known != SOLVER and is_policy(known):
        raise InvalidOption(
            f"--primary: with --primary-slack expected {SOLVER!r} or a schedule, got {known!r}"
        )


def with_slack(own: JobAlone, slack: float) -> Primary:
    """Return the primary's limit: ``floor((1 + slack) x its best makespan alone)``."""
    limit = floor((1 + Fraction(str(slack))) * own.makespan)
    return Primary(source=own.source, makespan=own.makespan, limit=limit)


def is_policy(method: str | Path) -> bool:
    """Whether a method names a policy, not a file; of both, the policy."""
    if str(method).endswith(TORCH_CSV):
        return True
    if isinstance(method, Path):
        return False
    looks_like_file = "/" in method or method.endswith(".json") or Path(method).exists()
    return method in heuristics() or not looks_like_file


def _checked(own: JobAlone) -> JobAlone:
    """Refuse times that break a rule, before anything is built around them."""
    problem = Problem(own.arrays.instance)
    record = SolverRecord(name=own.source)
    violations = verify(make_schedule(problem, own.starts, record, verify_it=False))
    if violations:
        raise Infeasible(f"the primary's schedule {own.source} cannot be kept: {violations[0]}")
    return own
