"""A schedule of one step, repeated: the same orders on every device, as often as they allow."""

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.retime import NEVER, CyclicOrders, Timed, rings_of, timed


def repeated_orders(graph: CyclicGraph, starts: Int64Array) -> CyclicOrders:
    """Return the orders of a schedule of one step, each device's turn beginning at its first task."""
    arrays = graph.arrays
    cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
    for device in range(len(cut)):
        nodes = np.flatnonzero(arrays.device == device)
        cut[device] = starts[nodes].min(initial=NEVER)
    return CyclicOrders.read(graph, starts, NEVER, cut)


def repeated(graph: CyclicGraph, starts: Int64Array) -> Timed | None:
    """Repeat a schedule of one step as often as its orders allow; None if memory does not hold."""
    orders = repeated_orders(graph, starts)
    return timed(graph, rings_of(graph, orders), at_least=1, at_most=NEVER) if fits(graph, orders) else None
