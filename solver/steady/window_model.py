"""The CP-SAT model of one period: every device's tasks, or their images some periods apart, in one window.

Notation: ``t`` start, ``d`` duration, ``T`` period, ``o`` begin of a window, ``q`` turn. The window of
a device begins with the first F of a job there; of every other task there the image ``a = t - q T`` lies in
[o, o + T], and the images do not overlap.
"""

from math import gcd

import numpy as np
import numpy.typing as npt
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import F
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.holds import Hold, holds_of
from gapweave.solver.steady.reach import Reach

#: Jobs begin within a period of each other, F and B end within one from there, and what follows B within two.
_TURNS = range(-3, 4)


class WindowModel:
    """All schedules in one cell, of all periods from ``at_least`` to that of the reach.

    Parameters
    ----------
    graph
        Tasks and edges.
    reach
        How far apart the tasks of a job can be.
    cell
        When each job begins, in ticks after the first one.
    at_least
        The least period of interest, in ticks.
    free
        Tasks to be placed, shape (tasks,): where a device has none, edges keep its order. None: all tasks.

    Notes
    -----
    From where its job begins, the reach bounds every start, and with it the turns that a task can have: no
    schedule of the cell is left out, and a search is a proof. The narrower the cell, and the closer T to what
    a step takes alone, the more is decided beforehand.
    """

    def __init__(
        self,
        graph: CyclicGraph,
        reach: Reach,
        cell: Cell,
        at_least: int,
        free: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        self.graph = graph
        self.cp_model = cp_model.CpModel()
        self.at_least, self.at_most = at_least, reach.period
        self._reach, self._cell = reach, cell
        devices = graph.arrays.device[: graph.arrays.task_count]
        self._undecided: list[int] = np.unique(devices if free is None else devices[free]).tolist()
        self.period: cp_model.IntVar | int = self.at_most
        if at_least < self.at_most:
            self.period = self.cp_model.new_int_var(at_least, self.at_most, "T")
            self.cp_model.minimize(self.period)
        bounds = zip(*(side.tolist() for side in reach.seen_from(cell.openings[0], cell)), strict=True)
        self._span = 8 * self.at_most
        self.start = [self._variable(least, most, f"t{node}") for node, (least, most) in enumerate(bounds)]
        self._respect_edges()
        self._order_jobs()
        self._place_images()
        self._respect_memory()

    def _variable(self, least: int, most: int, name: str) -> cp_model.IntVar:
        return self.cp_model.new_int_var(max(least, -self._span), min(most, self._span), name)

    def _respect_edges(self) -> None:
        """t_j + h T >= t_i + w."""
        graph = self.graph
        columns = (graph.source, graph.target, graph.weight, graph.height)
        for source, target, weight, height in zip(*(column.tolist() for column in columns), strict=True):
            self.cp_model.add(self.start[target] + height * self.period >= self.start[source] + weight)

    def _order_jobs(self) -> None:
        """A job begins less than a period after the first one, one that equals it within half a period."""
        begin = self.start[self._cell.openings[0]]
        for opening in self._cell.openings[1:]:
            self.cp_model.add(self.start[opening] <= begin + self.period - 1)
        if self._cell.are_equal:
            self.cp_model.add(2 * (self.start[self._cell.openings[1]] - begin) <= self.period)

    def _place_images(self) -> None:
        """Images lie in the window, o <= a and a + d <= o + T, and do not overlap."""
        arrays, model = self.graph.arrays, self.cp_model
        self.turn: dict[int, cp_model.LinearExpr | int] = {}
        self.image: dict[int, cp_model.LinearExpr] = {}
        self.begin: dict[int, cp_model.IntVar] = {}
        devices = arrays.device[: arrays.task_count]
        for device in self._undecided:
            nodes = np.flatnonzero(devices == device)
            first = int(nodes[0])
            assert arrays.kind[first] == F
            begin = self.begin[device] = self.start[first]
            least, most = (side[nodes].tolist() for side in self._reach.seen_from(first, self._cell))
            intervals = []
            for node, earliest, latest in zip(nodes.tolist(), least, most, strict=True):
                duration = int(arrays.duration[node])
                self._place_image(node, self._turns(earliest, latest, duration))
                model.add(self.image[node] >= begin)
                model.add(self.image[node] + duration <= begin + self.period)
                intervals.append(model.new_fixed_size_interval_var(self.image[node], duration, ""))
            model.add_no_overlap(intervals)

    def _turns(self, earliest: int, latest: int, duration: int) -> list[int]:
        """Return every q with q T <= t - o <= (q + 1) T - d for some T and t."""
        shortest, longest = self.at_least, self.at_most
        return [
            q
            for q in _TURNS
            if q * (shortest if q > 0 else longest) <= latest
            and earliest + duration <= (q + 1) * (longest if q >= 0 else shortest)
        ]

    def _place_image(self, node: int, turns: list[int]) -> None:
        """The image a = t - q T of one of several turns; without any, the cell is empty."""
        model, start = self.cp_model, self.start[node]
        if turns == [0] or (len(turns) == 1 and self.at_least == self.at_most):
            (self.turn[node],) = turns
            self.image[node] = start - turns[0] * self.period
            return
        image = self.image[node] = model.new_int_var(-self._span, self._span, f"a{node}")
        chosen = {q: model.new_bool_var(f"q{node}={q}") for q in turns}
        for q, literal in chosen.items():
            model.add(image == start - q * self.period).only_enforce_if(literal)
        model.add_exactly_one(chosen.values())
        self.turn[node] = sum(q * literal for q, literal in chosen.items())

    def _respect_memory(self) -> None:
        """What is claimed at a in turn p and freed at e in turn q: q - p - 1 always, from a, until e."""
        for device, (free, holds) in enumerate(zip(self.graph.room, holds_of(self.graph), strict=True)):
            if free is not None and holds and device in self._undecided:
                self._limit(device, free, holds)

    def _limit(self, device: int, free: int, holds: list[Hold]) -> None:
        model, begin = self.cp_model, self.begin[device]
        until = model.new_int_var(-(2**50), 2**50, f"o{device}+T")
        model.add(until == begin + self.period)
        scale = gcd(*(amount for _, _, amount in holds))
        always: list[cp_model.LinearExprT] = []
        intervals, demands = [], []
        for claim, release, amount in holds:
            always.append((amount // scale) * (self.turn[release] - self.turn[claim] - 1))
            end = self.image[release] + int(self.graph.arrays.duration[release])
            for first, last in ((self.image[claim], until), (begin, end)):
                size = model.new_int_var(0, self.at_most, "")
                intervals.append(model.new_interval_var(first, size, last, ""))
                demands.append(amount // scale)
        base = model.new_int_var(-(2**40), free // scale, f"c{device}")
        model.add(base == sum(always))
        model.add_cumulative(intervals, demands, free // scale - base)
