"""Proving a schedule's lower bound again, from the instance and the certificate alone."""

from dataclasses import dataclass

from gapweave.models.bounds.arguments import ARGUMENTS, PERIOD_ARGUMENTS
from gapweave.models.bounds.heads_tails import heads_and_tails
from gapweave.models.bounds.merged import merge_equal_jobs
from gapweave.models.fields import shown
from gapweave.models.schedule import Bound, Primary, Schedule
from gapweave.models.task_arrays import TaskArrays

#: The argument of a bound that only the solver's search knows; it cannot be proven again.
SEARCH = "search"
#: The argument that the primary runs at given times.
PINNED_PRIMARY = "pinned-primary"


@dataclass(frozen=True)
class Verdict:
    """Outcome of proving a bound again.

    Attributes
    ----------
    proven
        Whether the certificate proves the claimed bound; None if there is nothing that could be proven again.
    value
        What the certificate proves, in ticks; None if it proves nothing.
    message
        One line for people.
    """

    proven: bool | None
    value: int | None
    message: str


def reprove(schedule: Schedule) -> Verdict:
    """Prove the lower bound of a schedule again, without any solver."""
    claimed, bound = schedule.lower_bound, schedule.bound
    if claimed is None or bound is None:
        return Verdict(None, None, "no lower bound is claimed")
    if bound.argument == SEARCH:
        return Verdict(None, None, f"bound {claimed} rests on the solver's search and cannot be proven again")
    if bound.argument not in (*ARGUMENTS, *PERIOD_ARGUMENTS):
        return Verdict(False, None, f"unknown argument {shown(bound.argument)}")
    try:
        value = _prove(schedule, bound)
    except (KeyError, TypeError, ValueError, IndexError) as exc:
        return Verdict(
            False, None, f"the certificate of argument {bound.argument!r} is malformed: {_reason(exc)}"
        )
    if value < claimed:
        return Verdict(False, value, f"argument {bound.argument!r} proves {value}, not the claimed {claimed}")
    if value > schedule.value:
        return Verdict(
            False, value, f"argument {bound.argument!r} proves {value}, above the schedule's own value"
        )
    return Verdict(True, value, f"bound {claimed} proven again by argument {bound.argument!r}")


def _prove(schedule: Schedule, bound: Bound) -> int:
    instance = schedule.instance
    if schedule.objective == "period" and bound.argument in PERIOD_ARGUMENTS:
        return PERIOD_ARGUMENTS[bound.argument](instance, schedule.steps, bound.certificate)
    if bound.argument in PERIOD_ARGUMENTS:
        raise ValueError("the argument does not bound a makespan")
    if schedule.objective == "period" and bound.argument == PINNED_PRIMARY:
        return _pinned_period(schedule)
    if schedule.objective == "period" and bound.argument != "device-load":
        raise ValueError("the argument does not bound a period")
    if bound.certificate.get("merged"):
        merged = merge_equal_jobs(instance)
        if merged is None or max(schedule.steps) > 1:
            raise ValueError("there are no equal jobs to merge")
        arrays = TaskArrays.build(merged)
    else:
        arrays = TaskArrays.build(instance, schedule.steps)
    return ARGUMENTS[bound.argument](heads_and_tails(arrays), _promised(schedule), bound.certificate)


def _pinned_period(schedule: Schedule) -> int:
    """In ``fill`` the primary does its steps at its own period."""
    if schedule.mode != "fill" or schedule.primary is None:
        raise ValueError("there is no pinned primary")
    return schedule.steps[0] * schedule.primary.makespan


def _promised(schedule: Schedule) -> Primary | None:
    """Return what the mode promises to the primary: its times in ``fill``, only its limit in ``joint``."""
    if schedule.mode == "fill" or schedule.primary is None:
        return schedule.primary
    return schedule.primary.model_copy(update={"tasks": None})


def _reason(exc: Exception) -> str:
    return f"{exc.args[0]!r} is missing" if isinstance(exc, KeyError) and exc.args else str(exc)
