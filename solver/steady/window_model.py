"""The CP-SAT model of one period: every device's tasks, or their images some periods apart, in one window.

Notation: ``t`` start, ``d`` duration, ``T`` period, ``o`` begin of a window, ``q`` turn. The window of
a device begins with the first F of a job there; of every other task there the image ``a = t - q T`` lies in
[o, o + T], and the images do not overlap.
"""

from math import gcd

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import B, F, Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.holds import Hold, holds_of
from gapweave.solver.steady.retime import CyclicOrders, Timed

#: Turns that F and B, and what follows them, can have in any schedule.
_TURNS = range(-2, 2)
_TURNS_AFTER_B = range(-2, 3)


class WindowModel:
    """All periods in [at_least, at_most] at once.

    Parameters
    ----------
    graph
        Tasks and edges.
    timed, orders
        A schedule, the hint; turns count from those of its orders.

    Notes
    -----
    Let job j run its first F on stage 0 at t_j. Its last B there ends by t_j + T (rule 7), so all F and B of
    its steps run within T from t_j, and what follows B within 2 T. Which of a job's periods counts as the
    first is free: so let t_0 <= t_j < t_0 + T. Then all F and B, and the begin of every window, lie in
    [t_0, t_0 + 2 T), what follows B in [t_0, t_0 + 3 T): no turn is left out, and a search is a proof.

    Two equal jobs can change places: t_j then lies as far before t_0 + T as it lay behind t_0, so it need
    not be looked for in the second half of the period.
    """

    def __init__(
        self,
        graph: CyclicGraph,
        at_least: int,
        at_most: int,
        timed: Timed,
        orders: CyclicOrders,
    ) -> None:
        self.graph = graph
        self.cp_model = cp_model.CpModel()
        self.at_most = at_most
        starts, self._turn = _in_order(graph, timed, orders)
        self._hint = starts
        self._orders = orders
        self.period = self.cp_model.new_int_var(at_least, at_most, "T")
        span = int(abs(starts).max()) + 4 * at_most
        self.start = [
            self.cp_model.new_int_var(-span, span, f"t{node}") for node in range(graph.arrays.node_count)
        ]
        self._respect_edges()
        self._order_jobs()
        self._place_images()
        self._respect_memory()
        self.cp_model.minimize(self.period)
        for variable, value in zip(self.start, starts.tolist(), strict=True):
            self.cp_model.add_hint(variable, value)

    def _respect_edges(self) -> None:
        """t_j + h T >= t_i + w; the first task starts at 0."""
        graph = self.graph
        self.cp_model.add(self.start[0] == int(self._hint[0]))
        edges = zip(
            *(column.tolist() for column in (graph.source, graph.target, graph.weight, graph.height)),
            strict=True,
        )
        for source, target, weight, height in edges:
            self.cp_model.add(self.start[target] + height * self.period >= self.start[source] + weight)

    def _order_jobs(self) -> None:
        """The first job begins first; a job that equals it, by half a period later."""
        model, opening = self.cp_model, _openings(self.graph)
        begin = self.start[opening[0]]
        for job in range(1, len(opening)):
            own = self.start[opening[job]]
            model.add(own >= begin)
            model.add(own <= begin + self.period - 1)
            if job == 1 and _are_interchangeable(self.graph):
                model.add(2 * (own - begin) <= self.period)

    def _place_images(self) -> None:
        """Images lie in the window, o <= a and a + d <= o + T, and do not overlap."""
        arrays, model = self.graph.arrays, self.cp_model
        self.turn: dict[int, cp_model.LinearExpr | int] = {}
        self.image: dict[int, cp_model.IntVar] = {}
        self.begin: dict[int, cp_model.IntVar] = {}
        order = self._orders.order
        devices = arrays.device[order]
        for device in np.unique(devices).tolist():
            nodes = order[devices == device].tolist()
            first = nodes[0]
            begin = self.begin[device] = self.start[first]
            assert arrays.kind[first] == F
            base = int(self._turn[first])
            intervals = []
            for node in nodes:
                duration = int(arrays.duration[node])
                if node == first:
                    self.turn[node], self.image[node] = 0, begin
                else:
                    self._place_image(node, int(self._turn[node]) - base)
                    model.add(self.image[node] >= begin)
                model.add(self.image[node] + duration <= begin + self.period)
                intervals.append(model.new_fixed_size_interval_var(self.image[node], duration, ""))
            model.add_no_overlap(intervals)

    def _place_image(self, node: int, usual: int) -> None:
        """One of several turns: a = t - q T."""
        model = self.cp_model
        span = int(abs(self._hint).max()) + 6 * self.at_most
        image = model.new_int_var(-span, span, f"a{node}")
        choices = []
        turns = self._turns(node)
        for q in turns:
            chosen = model.new_bool_var(f"q{node}={q}")
            model.add(image == self.start[node] - q * self.period).only_enforce_if(chosen)
            model.add_hint(chosen, q == usual)
            choices.append(chosen)
        model.add_exactly_one(choices)
        self.image[node] = image
        self.turn[node] = sum(q * chosen for q, chosen in zip(turns, choices, strict=True))

    def _turns(self, node: int) -> range:
        return _TURNS if self.graph.arrays.kind[node] in (F, B) else _TURNS_AFTER_B

    def _respect_memory(self) -> None:
        """What is claimed at a in turn p and freed at e in turn q: q - p - 1 always, from a, until e."""
        for device, (free, holds) in enumerate(zip(self.graph.room, holds_of(self.graph), strict=True)):
            if free is not None and holds:
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


def _in_order(graph: CyclicGraph, timed: Timed, orders: CyclicOrders) -> tuple[Int64Array, Int64Array]:
    """Move each job by whole periods until it begins within a period from the first one: starts and turns."""
    starts, turn = timed.starts.copy(), orders.turn.copy()
    opening = _openings(graph)
    for job, node in enumerate(opening):
        own = graph.arrays.job == job
        moved = int((timed.starts[node] - timed.starts[opening[0]]) // timed.period)
        starts[own] -= moved * timed.period
        turn[own] -= moved
    return starts, turn


def _openings(graph: CyclicGraph) -> list[int]:
    """The first F of each job on stage 0."""
    blocks = (graph.arrays.block(job, F, 0, 0) for job in range(len(graph.instance.jobs)))
    return [block.first for block in blocks if block is not None]


def _are_interchangeable(graph: CyclicGraph) -> bool:
    """Whether there are two jobs, both free, that differ by nothing but their names."""
    jobs, steps = graph.instance.jobs, graph.arrays.steps
    if len(jobs) != 2 or steps[0] != steps[1] or graph.is_pinned:
        return False
    return jobs[1] == jobs[0].model_copy(update={"name": jobs[1].name})
