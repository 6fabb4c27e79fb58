"""A schedule that was found for one question, as the answer to another one, with the bound of that."""

from typing import Any

from gapweave.models.errors import InternalError
from gapweave.models.schedule import Schedule
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.timetable import verified


def proven_answer(schedule: Schedule, proven: ProvenBound | None, **promise: Any) -> Schedule:
    """Return a schedule with a promise and a bound, verified again if that changes anything.

    Parameters
    ----------
    promise
        What the other question asks for: fields of the schedule and their values.

    Raises
    ------
    InternalError
        The bound is above the schedule's own value, or the verifier rejects it.
    """
    if proven is not None and proven.value > schedule.value:
        raise InternalError(
            f"bound {proven.value} of {schedule.instance.name!r} is above a verified schedule of "
            f"{schedule.objective} {schedule.value}; please report this instance"
        )
    values = promise | {
        "lower_bound": proven and proven.value,
        "bound": proven and proven.bound,
        "status": "optimal" if proven and schedule.value == proven.value else "feasible",
    }
    if all(getattr(schedule, name) == value for name, value in values.items()):
        return schedule
    return verified(schedule.model_copy(update=values))
