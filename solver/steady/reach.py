"""When tasks can run, seen from another one of their job, in every schedule of at most a given period.

An edge of weight w and height h asks ``t_j - t_i >= w - h T``, and asks least where T is largest. So longest
paths at the largest period of interest bound the distance between two tasks of a job, from below and, read
backwards, from above.
"""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import allocating
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.implied import implied_edges
from gapweave.solver.steady.retime import NEVER


class _Arcs(NamedTuple):
    """Edges by the node that they leave: first edge of each node, the other node, weight, height."""

    first: Int64Array
    other: Int64Array
    weight: Int64Array
    height: Int64Array


class Precedence:
    """The edges of a graph and those that its devices imply, to be followed in both directions."""

    def __init__(self, graph: CyclicGraph) -> None:
        self.job = graph.arrays.job
        source, target, weight = implied_edges(graph)
        none = np.zeros(len(source), dtype=np.int64)
        source, target = np.concatenate((graph.source, source)), np.concatenate((graph.target, target))
        weight, height = np.concatenate((graph.weight, weight)), np.concatenate((graph.height, none))
        nodes = graph.arrays.node_count
        self.onward = _by_first(source, target, weight, height, nodes)
        self.backward = _by_first(target, source, weight, height, nodes)

    def reach(self, period: int, cell: Cell) -> "Reach | None":
        """Return how far apart tasks are in schedules of at most a period, in ticks; None: there are none."""
        reach = Reach(self, period)
        return reach if all(reach.knows(opening) for opening in cell.openings) else None


class Reach:
    """The distances between tasks in all schedules of at most a period; worked out when first asked for."""

    def __init__(self, precedence: Precedence, period: int) -> None:
        self.period = period
        self._precedence = precedence
        self._known: dict[int, tuple[Int64Array, Int64Array] | None] = {}

    def knows(self, first: int) -> bool:
        """Whether there may be such schedules, as far as the job of a node says."""
        return self._within(first) is not None

    def seen_from(self, first: int, cell: Cell) -> tuple[Int64Array, Int64Array]:
        """Return the least and the most by which each node starts after one, shape (nodes,), in ticks.

        -`NEVER` and `NEVER`, or about that, where nothing is known.
        """
        job = self._precedence.job
        own = int(job[first])
        least, most = (side.copy() for side in self._distances(first))
        opening_least, opening_most = self._distances(cell.openings[own])
        begun = cell.begins[own]
        for other, opening in enumerate(cell.openings):
            if other == own:
                continue
            theirs = job == other
            after_least, after_most = self._distances(opening)
            begins = cell.begins[other]
            soonest = after_least[theirs] + begins[0] - begun[1] - opening_most[first]
            latest = after_most[theirs] + begins[1] - begun[0] - opening_least[first]
            least[theirs] = np.maximum(least[theirs], soonest)
            most[theirs] = np.minimum(most[theirs], latest)
        return least, most

    def _distances(self, first: int) -> tuple[Int64Array, Int64Array]:
        distances = self._within(first)
        assert distances is not None
        return distances

    def _within(self, first: int) -> tuple[Int64Array, Int64Array] | None:
        """Longest paths from a node, and to it; None if they have no end."""
        if first not in self._known:
            sides = []
            for arcs in (self._precedence.onward, self._precedence.backward):
                times = np.full(len(self._precedence.job), -NEVER, dtype=np.int64)
                sides.append(times if _longest(*arcs, self.period, first, times) else None)
            least, back = sides
            self._known[first] = None if least is None or back is None else (least, -back)
        return self._known[first]


def freedom(graph: CyclicGraph, period: int) -> float:
    """Return the sum over the tasks of the range of their starts, seen from where the job begins, in periods.

    The less it is, the more is decided before CP-SAT looks for a schedule of at most that period.
    """
    cell = Cell.whole(graph, period)
    reach = Precedence(graph).reach(period, cell)
    if reach is None:
        return 0.0
    ranges = 0.0
    for opening in cell.openings:
        least, most = (side[: graph.arrays.task_count] for side in reach.seen_from(opening, cell))
        own = graph.arrays.job[: graph.arrays.task_count] == graph.arrays.job[opening]
        ranges += float((most - least)[own].sum())
    return ranges / period


def _by_first(
    source: Int64Array, target: Int64Array, weight: Int64Array, height: Int64Array, nodes: int
) -> _Arcs:
    order = np.argsort(source, kind="stable")
    first = np.searchsorted(source[order], np.arange(nodes + 1)).astype(np.int64)
    return _Arcs(first, target[order], weight[order], height[order])


@allocating
def _longest(first, other, weight, height, period, root, times):  # type: ignore[no-untyped-def]
    """Fill ``times`` with the longest paths from a node; returns whether no cycle is positive."""
    count = len(times)
    times[root] = 0
    dirty = np.zeros(count, dtype=np.uint8)
    dirty[root] = 1
    for _ in range(count + 1):
        changed = False
        for node in range(count):
            if dirty[node] == 0:
                continue
            dirty[node] = 0
            for edge in range(first[node], first[node + 1]):
                time = times[node] + weight[edge] - height[edge] * period
                if time > times[other[edge]]:
                    times[other[edge]] = time
                    dirty[other[edge]] = 1
                    changed = True
        if not changed:
            return True
    return False
