"""What the rest of a schedule leaves each task of a window: earliest start, tail and deadline."""

from collections.abc import Iterator

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.cpsat.neighbourhoods import Part, Window
from gapweave.solver.cpsat.window_kernel import device_can_keep_up, precedences, surroundings, tighten


class Frame:
    """The movable nodes of a window, what surrounds them, and the precedences among them.

    Parameters
    ----------
    makespan
        Largest makespan of interest, in ticks.

    Attributes
    ----------
    movable
        The window's free tasks, part by part, and then the nodes between them.
    local
        Per node of the problem: its place in ``movable``, or -1.
    around
        For each part, the free tasks that the device runs right before and right after it, or -1.
    earliest, latest_end
        Per movable node, what the nodes outside leave it, in ticks.
    enters, leaves
        Per movable node: whether a node outside precedes it, and whether one follows it, or none at all does.
    precedences
        Rows (earlier, later, lag) of places in ``movable``; the later starts no sooner than ``lag`` after the
        other's end.
    """

    def __init__(self, window: Window, makespan: int) -> None:
        self.window = window
        self.orders = orders = window.orders
        fixed = orders.graph.fixed
        self.movable = np.array([*window.inside, *window.between], dtype=np.int64)
        self.duration: Int64Array = fixed.duration[self.movable]
        self.starts: Int64Array = orders.starts[self.movable]
        self.local = np.full(len(orders.starts), -1, dtype=np.int64)
        self.local[self.movable] = np.arange(len(self.movable), dtype=np.int64)
        self.around = [self._around(part) for part in window.parts]
        self._part, previous, following = self._places()
        latest = orders.latest_starts_for(makespan)
        self.earliest, self.latest_end, self.enters, self.leaves = surroundings(
            fixed, orders.starts, latest, self.movable, self.local, previous, following
        )
        least_tail = orders.graph.problem.paths.tail[self.movable]
        self.latest_end = np.minimum(self.latest_end, makespan - least_tail)
        kept = np.isin(self.movable, list(window.kept))
        self.precedences: Int64Array = precedences(
            fixed, self.movable, self.local, self._part, previous, following, kept
        )

    def nodes(self, number: int) -> Int64Array:
        """Return the places in ``movable`` of a part's tasks."""
        found: Int64Array = np.flatnonzero(self._part == number)
        return found

    def tightened(self, earliest: Int64Array, latest: Int64Array) -> tuple[Int64Array, Int64Array] | None:
        """Tighten ranges of starts by the precedences; None if they hold no schedule at first sight."""
        earliest, latest = earliest.copy(), latest.copy()
        rank = np.empty(len(self.movable), dtype=np.int64)
        rank[np.lexsort((self.duration > 0, self.starts))] = np.arange(len(rank), dtype=np.int64)
        if not tighten(self.precedences, rank, self.duration, earliest, latest):
            return None
        for number in range(len(self.window.parts)):
            own = self.nodes(number)
            if not device_can_keep_up(self.duration[own], earliest[own], latest[own]):
                return None
        return earliest, latest

    def _around(self, part: Part) -> tuple[int, int]:
        nodes = self.window.nodes(part)
        return int(self.orders.before[nodes[0]]), int(self.orders.after[nodes[-1]])

    def _places(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Return the part of each movable node (-1: none), and what its device runs before and after."""
        outside = np.array(self.window.between, dtype=np.int64)
        counts = [len(self.window.nodes(part)) for part in self.window.parts]

        def column(per_part: Iterator[int], others: Int64Array) -> Int64Array:
            return np.concatenate([np.repeat(np.array(list(per_part), dtype=np.int64), counts), others])

        return (
            column(iter(range(len(counts))), np.full(len(outside), -1, dtype=np.int64)),
            column((before for before, _ in self.around), self.orders.before[outside]),
            column((after for _, after in self.around), self.orders.after[outside]),
        )
