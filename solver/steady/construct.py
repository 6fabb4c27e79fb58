"""First periodic schedules: streams, steps pushed into each other, and what heuristics for one step order."""

from collections.abc import Iterator

import numpy as np

from gapweave.models.errors import NotApplicable
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.overlapped import overlapped_steps
from gapweave.solver.steady.retime import CyclicOrders, rings_of, timed
from gapweave.solver.steady.stream import streams
from gapweave.solver.stopping import Stopping

#: Longer than any period, in ticks.
_NEVER = 2**50


def construct(graph: CyclicGraph, incumbent: SteadyIncumbent, stopping: Stopping) -> None:
    """Offer every constructive schedule until one meets the bound or time is up."""
    incumbent.enter("construct")
    for source, orders in _all_orders(graph, incumbent.proven.value):
        if stopping or incumbent.is_optimal:
            return
        if fits(graph, orders):
            result = timed(graph, rings_of(graph, orders), at_least=incumbent.proven.value, at_most=_NEVER)
            if result is not None:
                incumbent.offer(found(graph, result, source))


def _all_orders(graph: CyclicGraph, least: int) -> Iterator[tuple[str, CyclicOrders]]:
    for orders in streams(graph):
        yield "stream", orders
    if max(graph.arrays.steps) == 1:
        yield from _of_heuristics(graph)
    for orders in overlapped_steps(graph, least):
        yield "overlapped steps", orders


def _of_heuristics(graph: CyclicGraph) -> Iterator[tuple[str, CyclicOrders]]:
    """Orders of schedules of one step, repeated with each device's turn beginning at its first task."""
    arrays = graph.arrays
    tasks = np.arange(arrays.task_count)
    for name in heuristics():
        try:
            starts = heuristic(name).plan(arrays).starts
        except NotApplicable:
            continue
        cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
        for device in range(len(cut)):
            cut[device] = starts[tasks[arrays.device[tasks] == device]].min(initial=_NEVER)
        yield name, CyclicOrders.read(graph, starts, _NEVER, cut)
