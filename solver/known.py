"""What is known about a problem before it is solved: schedules to start from, and proven bounds."""

from dataclasses import dataclass

import numpy as np

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import starts_of


@dataclass(frozen=True)
class Known:
    """Facts about one problem, which the caller vouches for.

    Attributes
    ----------
    schedules
        Schedules of the same instance, as placed, that keep every rule; those that break what the mode
        promises to the primary are passed over.
    bounds
        Lower bounds on the makespan that hold for this problem, such as those of one that allows more.
    """

    schedules: tuple[Schedule, ...] = ()
    bounds: tuple[ProvenBound, ...] = ()

    def tell(self, incumbent: Incumbent) -> None:
        """Let a search begin with the best of what is known."""
        for proven in self.bounds:
            incumbent.raise_bound(proven.value, proven.bound)
        for schedule in self.schedules:
            starts = _starts(schedule, incumbent.problem)
            if _keeps_pinned(starts, incumbent.problem):
                incumbent.offer(starts, str(schedule.solver.notes.get("found_by", schedule.solver.name)))


def _starts(schedule: Schedule, problem: Problem) -> Int64Array:
    """Return a schedule's starts with the microbatches of each free block in order, as searches expect."""
    if schedule.instance != problem.instance:
        raise InvalidOption(f"known: a schedule of another instance, {schedule.instance.name!r}")
    starts = starts_of(schedule, problem.arrays)
    for block in problem.arrays.blocks:
        if not problem.is_pinned[block.first]:
            starts[block.first : block.first + block.size].sort()
    return starts


def _keeps_pinned(starts: Int64Array, problem: Problem) -> bool:
    tasks = slice(0, problem.arrays.task_count)
    pinned = problem.pinned
    return pinned is None or bool(np.all((pinned[tasks] < 0) | (starts[tasks] == pinned[tasks])))
