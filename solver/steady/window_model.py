"""The CP-SAT model of one period: every device's tasks, or their images some periods apart, in one window.

Notation: ``t`` start, ``d`` duration, ``T`` period, ``o`` begin of a window, ``q`` turn. The window of
a device begins with one chosen task; of every other task there the image ``a = t - q T`` lies in [o, o + T],
and the images do not overlap.
"""

from collections import defaultdict
from functools import cached_property
from math import gcd

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import B, F, Int64Array
from gapweave.solver.cpsat.held_memory import held_amounts
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import CyclicOrders, Timed

#: Turns that F and B, and what follows them, can have in any schedule with one step of each job per period.
_TURNS = range(-1, 3)
_TURNS_AFTER_B = range(-1, 4)


class WindowModel:
    """All periods in [at_least, at_most] at once.

    Parameters
    ----------
    graph
        Tasks and edges.
    timed, orders
        A schedule, the hint; turns count from those of its orders.

    Attributes
    ----------
    is_complete
        Whether no possible turn is left out: with one step of each job per period, and the first job on all
        devices. Otherwise each task's turn is at most one away from that of the hint.

    Notes
    -----
    Let job j run its first F on stage 0 at t_j. Its last B there ends by t_j + T (rule 7), so all its F and B
    run within T from t_j, and what follows B within 2 T. A window begins with a task of the first job, so
    within [t_0, t_0 + T]; a job may be counted some periods later or earlier, so that t_j, too, lies in its
    device's window in turn 0. So t - o lies within [-T, 3 T], and 4 T for what follows B.
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
        self.is_complete = max(graph.arrays.steps) == 1 and _first_job_is_everywhere(graph)
        starts, self._turn = _in_turn_0(graph, timed, orders)
        self._hint = starts
        self._orders = orders
        self.period = self.cp_model.new_int_var(at_least, at_most, "T")
        span = int(starts.max() + graph.arrays.duration.max()) + 2 * at_most
        self.start = [
            self.cp_model.new_int_var(-span, span, f"t{node}") for node in range(graph.arrays.node_count)
        ]
        self._respect_edges()
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

    @cached_property
    def _openings(self) -> frozenset[int]:
        """The first F of each job on stage 0: they fix which period of the job is meant."""
        return frozenset(
            block.first
            for block in self.graph.arrays.blocks
            if (block.kind, block.stage, block.step) == (F, 0, 0)
        )

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
        span = 4 * self.at_most + int(abs(self._hint).max())
        image = model.new_int_var(-span, span, f"a{node}")
        choices = []
        turns = self._turns(node, usual)
        for q in turns:
            chosen = model.new_bool_var(f"q{node}={q}")
            model.add(image == self.start[node] - q * self.period).only_enforce_if(chosen)
            model.add_hint(chosen, q == usual)
            choices.append(chosen)
        model.add_exactly_one(choices)
        self.image[node] = image
        self.turn[node] = sum(q * chosen for q, chosen in zip(turns, choices, strict=True))

    def _turns(self, node: int, usual: int) -> range:
        if not self.is_complete:
            return range(usual - 1, usual + 2)
        arrays = self.graph.arrays
        if node in self._openings:
            return range(1)
        return _TURNS if arrays.kind[node] in (F, B) else _TURNS_AFTER_B

    def _respect_memory(self) -> None:
        """What is claimed at a in turn p and freed at e in turn q: q - p - 1 always, from a, until e."""
        arrays = self.graph.arrays
        holds: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for block in arrays.blocks:
            if block.kind != F:
                continue
            for claim, release, amount in held_amounts(arrays.instance.jobs[block.job].stages[block.stage]):
                if amount:
                    claims = arrays.block(block.job, claim, block.stage, block.step)
                    frees = arrays.block(block.job, release, block.stage, block.step)
                    assert claims is not None
                    assert frees is not None
                    pairs = zip(claims.nodes, frees.nodes, strict=True)
                    holds[block.device] += [(*pair, amount) for pair in pairs]
        for device, free in enumerate(self.graph.room):
            if free is not None and holds[device]:
                self._limit(device, free, holds[device])

    def _limit(self, device: int, free: int, holds: list[tuple[int, int, int]]) -> None:
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


def _in_turn_0(graph: CyclicGraph, timed: Timed, orders: CyclicOrders) -> tuple[Int64Array, Int64Array]:
    """Move each job by whole periods until its first F on stage 0 runs in turn 0: starts and turns."""
    arrays = graph.arrays
    starts, turn = timed.starts.copy(), orders.turn.copy()
    for job in range(len(graph.instance.jobs)):
        opening = arrays.block(job, F, 0, 0)
        assert opening is not None
        own = np.flatnonzero(arrays.job == job)
        moved = int(turn[opening.first])
        starts[own] -= moved * timed.period
        turn[own] -= moved
    return starts, turn


def _first_job_is_everywhere(graph: CyclicGraph) -> bool:
    """Whether every window begins with a task of the first job."""
    jobs = graph.instance.jobs
    own, used = ({stage.device for job in part for stage in job.stages} for part in (jobs[:1], jobs))
    return own == used
