"""Trying every placement of the secondary jobs under one time limit."""

from collections.abc import Callable
from typing import Any

from gapweave.models.errors import Infeasible, Interrupted, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.placement import distinct_placements
from gapweave.models.schedule import Schedule
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

SolvePlaced = Callable[[Instance, float | None], Schedule]


def search_placements(instance: Instance, solve_placed: SolvePlaced, stopping: Stopping) -> Schedule:
    """Return the best schedule over all placements that suit the instance.

    Placements are tried in order of their lower bounds; one whose bound is no better than a schedule that
    is known already needs no search. What was proven about each is in ``solver.notes["placements"]``.

    Parameters
    ----------
    solve_placed
        Solves a placed instance within a number of seconds.

    Raises
    ------
    Infeasible
        No placement has a schedule, proven.
    NothingFound
        No schedule was found under any placement.
    """
    candidates = [
        (Problem(placed).bound.value, placement, placed)
        for placement, placed in distinct_placements(instance).items()
    ]
    candidates.sort(key=lambda candidate: candidate[0])
    notes: dict[str, Any] = {}
    best: Schedule | None = None
    for position, (bound, placement, placed) in enumerate(candidates):
        if best is not None and (bound >= best.makespan or stopping):
            notes[placement] = {"status": "no better" if bound >= best.makespan else "unknown"}
            notes[placement]["lower_bound"] = bound
            continue
        share = stopping.share(1 / (len(candidates) - position)).time_limit
        try:
            schedule = solve_placed(placed, share)
        except (Infeasible, NothingFound, NotApplicable, Interrupted) as exc:
            notes[placement] = {"status": "infeasible" if isinstance(exc, Infeasible) else "unknown"}
            notes[placement] |= {"lower_bound": bound, "reason": str(exc)}
            continue
        notes[placement] = {
            "status": schedule.status,
            "makespan": schedule.makespan,
            "lower_bound": schedule.lower_bound,
        }
        if best is None or schedule.makespan < best.makespan:
            best = schedule.model_copy(update={"placement": placement})
    if best is None:
        if stopping.signal.is_set():
            raise Interrupted("interrupted before a schedule was found")
        if all(note["status"] == "infeasible" for note in notes.values()):
            raise Infeasible("no schedule exists under any placement")
        raise NothingFound("no schedule was found under any placement")
    record = best.solver.model_copy(update={"notes": best.solver.notes | {"placements": notes}})
    return best.model_copy(update={"solver": record})
