"""Whether memory holds under cyclic orders: a matter of orders and turns, not of times."""

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import CyclicOrders


def peak_levels(graph: CyclicGraph, orders: CyclicOrders) -> Int64Array:
    """Return the highest level of each device beyond its resident memory, shape (devices,).

    Notes
    -----
    In turn n of a device, a node of turn q runs for period n - q. Up to its place in the turn it has run once
    more than before: so the level when the turn begins is, but for constants that cancel, the sum of
    delta * (-q - 1), and each node adds its delta in the order of the turn.
    """
    device = graph.arrays.device[orders.order]
    delta = graph.delta[orders.order]
    peaks = np.zeros(len(graph.instance.devices), dtype=np.int64)
    for number in np.unique(device).tolist():
        own = device == number
        base = int((delta[own] * (-orders.turn[orders.order[own]] - 1)).sum())
        peaks[number] = max(base, int(base + np.cumsum(delta[own]).max()))
    return peaks


def fits(graph: CyclicGraph, orders: CyclicOrders) -> bool:
    """Whether every device has room for what it holds at the highest moment."""
    levels = peak_levels(graph, orders).tolist()
    return all(room is None or level <= room for room, level in zip(graph.room, levels, strict=True))
