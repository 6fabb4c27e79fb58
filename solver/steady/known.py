"""Periodic schedules and bounds that are known before a search for the least period begins."""

from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.known import Known
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found, orders_of
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.retime import Timed
from gapweave.solver.timetable import starts_of


def tell(known: Known, graph: CyclicGraph, incumbent: SteadyIncumbent) -> None:
    """Let a search begin with the best of what is known; schedules that need too much memory are left out.

    The schedules are of the same jobs on the same devices, whose memory capacities may have been others.
    """
    for proven in known.bounds:
        incumbent.raise_bound(proven.value, proven.bound)
    for schedule in known.schedules:
        timed = Timed(schedule.value, _starts(schedule, graph))
        if fits(graph, orders_of(graph, timed)):
            source = schedule.solver.notes.get("found_by", schedule.solver.name)
            incumbent.offer(found(graph, timed, str(source)))


def _starts(schedule: Schedule, graph: CyclicGraph) -> Int64Array:
    """Return a schedule's starts with the microbatches of each block in order, as searches expect."""
    arrays = graph.arrays
    starts = starts_of(schedule, arrays)
    for block in arrays.blocks:
        starts[block.first : block.first + block.size].sort()
    return starts
