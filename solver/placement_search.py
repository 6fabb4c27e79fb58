"""Trying every placement of the secondary jobs under one time limit."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from gapweave.models.errors import Infeasible, Interrupted, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.placement import distinct_placements
from gapweave.models.schedule import Schedule
from gapweave.solver.stopping import Stopping

SolvePlaced = Callable[[Instance, float | None], Schedule]
#: Returns a lower bound on what `merit` returns for any schedule of a placed instance.
Bound = Callable[[Instance], Fraction]


def merit(schedule: Schedule) -> Fraction:
    """Return what is to be least: the makespan, or the period per step of the job after the primary.

    Where the steps are the same for all placements, that is a matter of the period alone.
    """
    return Fraction(schedule.value, 1 if schedule.period is None else schedule.steps[-1])


def search_placements(
    instance: Instance, solve_placed: SolvePlaced, stopping: Stopping, bound_of: Bound
) -> Schedule:
    """Return the best schedule over all placements that suit the instance.

    Placements are tried in order of their lower bounds; one whose bound is no better than a schedule that
    is known already needs no search. What was proven about each is in ``solver.notes["placements"]``.

    Parameters
    ----------
    solve_placed
        Solves a placed instance within a number of seconds.
    bound_of
        Bounds the `merit` of a placed instance's schedules.

    Raises
    ------
    Infeasible
        No placement has a schedule, proven.
    NothingFound
        No schedule was found under any placement.
    """
    candidates = [
        (bound_of(placed), placement, placed) for placement, placed in distinct_placements(instance).items()
    ]
    candidates.sort(key=lambda candidate: candidate[0])
    notes: dict[str, Any] = {}
    best: Schedule | None = None
    for position, (bound, placement, placed) in enumerate(candidates):
        if best is not None and (bound >= merit(best) or stopping):
            notes[placement] = {"status": "no better" if bound >= merit(best) else "unknown"}
            notes[placement]["lower_bound"] = _number(bound)
            continue
        share = stopping.share(1 / (len(candidates) - position)).time_limit
        try:
            schedule = solve_placed(placed, share)
        except (Infeasible, NothingFound, NotApplicable, Interrupted) as exc:
            notes[placement] = {"status": "infeasible" if isinstance(exc, Infeasible) else "unknown"}
            notes[placement] |= {"lower_bound": _number(bound), "reason": str(exc)}
            continue
        notes[placement] = {
            "status": schedule.status,
            "makespan" if schedule.period is None else "period": schedule.value,
            "lower_bound": schedule.lower_bound,
        }
        if schedule.period is not None:
            notes[placement]["steps"] = list(schedule.steps)
        if best is None or merit(schedule) < merit(best):
            best = schedule.model_copy(update={"placement": placement})
    if best is None:
        if stopping.signal.is_set():
            raise Interrupted("interrupted before a schedule was found")
        if all(note["status"] == "infeasible" for note in notes.values()):
            raise Infeasible("no schedule exists under any placement")
        raise NothingFound("no schedule was found under any placement")
    seen = {"notes": best.solver.notes | {"placements": notes}, "wall_time": round(stopping.elapsed, 3)}
    record = best.solver.model_copy(update=seen)
    return best.model_copy(update={"solver": record})


def _number(bound: Fraction) -> int | float:
    return int(bound) if bound.denominator == 1 else round(float(bound), 3)
