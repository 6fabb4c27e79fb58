"""From cyclic orders to the least period and integer times.

For a fixed T the constraints ``t_j >= t_i + w - h T`` have a solution exactly if no cycle of the graph has
a positive sum of w - h T. A positive cycle found at T proves that these orders need at least
``sum w / sum h``, so T rises from cycle to cycle until none is left, and that T is the least.

References
----------
A. Dasdan, "Experimental analysis of the fastest optimum cycle ratio and mean algorithms", ACM TODAES 9
(2004), doi:10.1145/1027084.1027085: the iteration from cycle to cycle is that of Burns and of Howard.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.kernel import Edges, Rings, least_period, working_space

#: Longer than any period, in ticks.
NEVER = 2**50


@dataclass(frozen=True, eq=False)
class CyclicOrders:
    """In which order each device runs its tasks for ever, and in which period's image of each.

    Attributes
    ----------
    order
        All tasks, device after device, in the order of one turn of the device, shape (tasks,).
    turn
        The turn of its device in which the image of period 0 of each node runs, shape (nodes,); a node
        with turn q runs in turn q of the first period, q + 1 of the second, and so on.
    times
        Times that have these orders, if known, shape (nodes,), in ticks.
    """

    order: Int64Array
    turn: Int64Array
    times: Int64Array | None = None

    @classmethod
    def read(cls, graph: CyclicGraph, starts: Int64Array, period: int, cut: Int64Array) -> "CyclicOrders":
        """Take the orders from times.

        Parameters
        ----------
        starts
            Start of every node, shape (nodes,), in ticks.
        period
            T in ticks.
        cut
            When a turn of each device begins, shape (devices,), in ticks.
        """
        arrays = graph.arrays
        device = arrays.device.clip(min=0)
        turn, phase = np.divmod(starts - cut[device], period)
        turn[arrays.task_count :] = 0
        tasks = np.arange(arrays.task_count)
        order = np.lexsort((phase[tasks], arrays.device[tasks])).astype(np.int64)
        return cls(order, turn.astype(np.int64), starts)


@dataclass(frozen=True, eq=False)
class Timed:
    """Times that keep all edges and orders; ``starts`` of every node, shape (nodes,), in ticks."""

    period: int
    starts: Int64Array


def edges_of(graph: CyclicGraph) -> Edges:
    """Return the graph as the compiled loops read it."""
    arrays = graph.arrays
    block = np.repeat(np.arange(len(arrays.blocks)), [block.size for block in arrays.blocks])
    return Edges(*graph.by_source, arrays.duration, block.astype(np.int64), graph.delta, arrays.device)


def rings_of(graph: CyclicGraph, orders: CyclicOrders) -> Rings:
    """Return the orders as rings of neighbours."""
    arrays = graph.arrays
    follower = np.full(arrays.node_count, -1, dtype=np.int64)
    leader = np.full(arrays.node_count, -1, dtype=np.int64)
    height = np.zeros(arrays.node_count, dtype=np.int64)
    order, turn = orders.order, orders.turn
    first = np.searchsorted(arrays.device[order], np.arange(len(graph.instance.devices) + 1))
    after = np.roll(order, -1)
    wraps = np.zeros(len(order), dtype=np.int64)
    for begin, end in pairwise(first.tolist()):
        if end > begin:
            after[end - 1] = order[begin]
            wraps[end - 1] = 1
    follower[order] = after
    leader[after] = order
    height[order] = turn[order] - turn[after] + wraps
    return Rings(follower, leader, height)


def timed(
    graph: CyclicGraph, rings: Rings, *, at_least: int, at_most: int, hint: Int64Array | None = None
) -> Timed | None:
    """Find the least period in [at_least, at_most] that cyclic orders allow, and times for it.

    Parameters
    ----------
    hint
        Times near the result, shape (nodes,): only for speed.

    Returns
    -------
    Timed or None
        None if the orders deadlock or need more than ``at_most``.
    """
    count = graph.arrays.node_count
    sweep = np.arange(count) if hint is None else np.argsort(hint, kind="stable")
    space = working_space(sweep.astype(np.int64))
    period = int(least_period(edges_of(graph), rings, space, at_least, at_most))
    return None if period < 0 else Timed(period, space.starts.copy())
