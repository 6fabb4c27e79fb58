"""Search for better orders: annealing forward and mirrored in time in turn, until the bound is met.

The cost of orders is the total tardiness against the lower bound, where each task is due early enough for
what must follow it. Annealing forward so pushes idle time towards the end of the schedule, annealing the
mirrored problem pushes it to the beginning. In turn they leave the plateaus that either has alone, like
forward-backward improvement does for resource-constrained projects.

References
----------
P. J. M. van Laarhoven, E. H. L. Aarts, J. K. Lenstra, "Job shop scheduling by simulated annealing",
Operations Research 40 (1992), doi:10.1287/opre.40.1.113.
E. Nowicki, C. Smutnicki, "A fast taboo search algorithm for the job shop problem", Management Science 42
(1996), doi:10.1287/mnsc.42.6.797.
V. Valls, F. Ballestin, S. Quintanilla, "Justification and RCPSP: a technique that pays", European Journal of
Operational Research 165 (2005), doi:10.1016/j.ejor.2004.04.008.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gapweave.models.errors import InternalError
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.order_search.graph import (
    OrderGraph,
    forward_graph,
    in_order,
    mirrored_graph,
    rank_by_time,
)
from gapweave.solver.order_search.kernel import anneal
from gapweave.solver.order_search.state import empty_state, late_count, load, makespan_of
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Nodes looked at in one search: a deterministic measure of effort, some 30 seconds.
_EFFORT = 400_000_000
#: Nodes looked at between two looks at the clock.
_CHUNK = 1_000_000
#: Share of the passes that aim at the bound; the others aim somewhere between it and the incumbent.
_BOUND_SHARE = 0.5
#: Fall of the temperature over a pass.
_FALL = 0.1
#: Passes without a better schedule after which the search returns to the best one.
_FRUITLESS_PASSES = 12


class Passes(NamedTuple):
    """How passes are drawn, each between a least and a greatest value.

    Attributes
    ----------
    hot
        Temperature at the begin of a pass, in mean durations.
    moves_per_task
        Moves tried in one pass.
    """

    hot: tuple[float, float]
    moves_per_task: tuple[float, float]


#: Passes that look far around, and passes that mend what is mostly good.
HOT = Passes(hot=(0.5, 4.0), moves_per_task=(50, 400))
MILD = Passes(hot=(0.1, 2.0), moves_per_task=(20, 200))
#: What leads away from a schedule, but not far: temperatures, moves per task, and at most so many moves times
#: tasks, as what one move touches grows with the tasks.
_SHAKING_HOT, _SHAKING_MOVES, _MOST_SHAKING = (0.1, 1.0), 50, 450_000_000


def search_orders(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    seed: int,
    *,
    effort: int | None = _EFFORT,
    passes: Passes = HOT,
) -> None:
    """Improve the orders of the incumbent's tasks until it meets its bound or it is time to stop.

    Parameters
    ----------
    effort
        Nodes to look at, the deterministic measure of effort; None: no limit.
    passes
        How they are drawn.
    """
    if incumbent.starts is None or incumbent.is_optimal or stopping:
        return
    search = _OrderSearch(problem, incumbent, incumbent.starts, stopping, seed, passes)
    if not search.is_possible:
        return
    while not stopping and not incumbent.is_optimal and (effort is None or search.work < effort):
        search.run_pass()


def shaken(problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int) -> Int64Array | None:
    """Return starts not far from the incumbent's, where one short pass ended; mostly they are worse.

    Returns None if the pass ended beyond a limit, or there is nothing to begin with.
    """
    if incumbent.starts is None:
        return None
    moves = min(_SHAKING_MOVES, _MOST_SHAKING / problem.arrays.task_count**2)
    passes = Passes(_SHAKING_HOT, (moves, moves))
    search = _OrderSearch(problem, incumbent, incumbent.starts, stopping, seed, passes)
    if not search.is_possible:
        return None
    search.run_pass()
    return search.current


@dataclass(frozen=True)
class _Annealing:
    """Temperature and length of one pass."""

    moves: int
    hot: float

    @property
    def cooling(self) -> float:
        return float(_FALL ** (1.0 / self.moves))


class _OrderSearch:
    """The current orders, the best ones since the beginning, and both views of the problem."""

    def __init__(
        self,
        problem: Problem,
        incumbent: Incumbent,
        starts: Int64Array,
        stopping: Stopping,
        seed: int,
        passes: Passes,
    ) -> None:
        self.work = 0
        self._passes = passes
        self._problem = problem
        self._incumbent = incumbent
        self._stopping = stopping
        self._random = np.random.default_rng(seed)
        self._target = incumbent.lower_bound
        self._rank = rank_by_time(problem, starts)
        self._graphs = self._both_graphs()
        self._state = empty_state(self._graphs[0])
        self._pass = int(self._random.integers(2))  # so that short searches begin in either direction
        self._fruitless = 0
        self._current = self._rank[orders_of(problem, starts)]
        self._load(self._graphs[0], self._current)
        self._keep(self._current)

    @property
    def is_possible(self) -> bool:
        """Whether no limit is broken; at the beginning False if pins contradict the microbatches' order."""
        return int(late_count(self._graphs[0], self._state)) == 0

    @property
    def current(self) -> Int64Array | None:
        """Starts under the current orders, shape (nodes,), in ticks; None beyond a limit."""
        self._load(self._graphs[0], self._current)
        return self._starts if self.is_possible else None

    @property
    def _starts(self) -> Int64Array:
        starts: Int64Array = self._state.end[self._rank] - self._problem.arrays.duration
        return starts

    def _both_graphs(self) -> tuple[OrderGraph, OrderGraph]:
        """Return the problem as it is and mirrored, for the makespan that is aimed at."""
        view = self._problem, self._target, self._rank
        return forward_graph(*view), mirrored_graph(*view)

    def _keep(self, orders: Int64Array) -> None:
        """Remember orders that are loaded as the best ones."""
        self._best, self._fruitless = orders, 0
        self._makespan = int(makespan_of(self._graphs[0], self._state))

    def run_pass(self) -> None:
        """Anneal once, in the other direction than last time."""
        is_mirrored = self._pass % 2 == 1
        if self._fruitless >= _FRUITLESS_PASSES:
            self._current, self._fruitless = self._best, 0
        self._aim(self._next_target())
        self._pass += 1
        self._fruitless += 1
        orders = self._reversed(self._current) if is_mirrored else self._current
        for found in self._annealed(self._graphs[is_mirrored], orders, self._drawn(), self._bar(is_mirrored)):
            self._current = self._reversed(found) if is_mirrored else found
            self._offer(self._current)

    def _aim(self, target: int) -> None:
        """Set the makespan to aim at, on which limits and pins in the graphs depend."""
        self._target = target
        if self._problem.primary is not None:
            self._graphs = self._both_graphs()

    def _next_target(self) -> int:
        """Draw the makespan to aim at: the bound, or where that may be out of reach something easier."""
        bound = self._incumbent.lower_bound
        if self._random.random() < _BOUND_SHARE:
            return bound
        return bound + int(self._random.random() * (self._makespan - bound))

    def _bar(self, is_mirrored: bool) -> int:
        """Makespan below which orders are worth keeping.

        Mirrored time counts from the target, so where times are pinned or limited only the target counts.
        """
        if is_mirrored and self._problem.primary is not None:
            return self._target + 1
        return self._makespan

    def _drawn(self) -> _Annealing:
        arrays = self._problem.arrays
        unit = float(arrays.duration[: arrays.task_count].mean())
        hot, moves = (np.exp(self._random.uniform(*np.log(ends))) for ends in self._passes)
        return _Annealing(max(1, int(moves * arrays.task_count)), hot * unit)

    def _annealed(
        self, graph: OrderGraph, orders: Int64Array, annealing: _Annealing, bar: int
    ) -> list[Int64Array]:
        """Anneal orders; returns those better than the bar, if there are any, and those at the end."""
        self._load(graph, orders)
        moves, hot, best = annealing.moves, annealing.hot, bar
        while moves > 0 and not self._stopping and not self._incumbent.is_optimal:
            cost, best, done, work = anneal(
                graph, self._state, self._target, best, moves, _CHUNK, hot, annealing.cooling, self._random
            )
            moves, hot = moves - done, hot * annealing.cooling**done
            self.work += work
            if cost == 0:
                break
        better = [self._state.best_seq.copy()] if best < bar else []
        return [*better, self._state.seq.copy()]

    def _offer(self, orders: Int64Array) -> None:
        """Offer the schedule with these orders, unless it breaks a limit."""
        self._load(self._graphs[0], orders)
        if late_count(self._graphs[0], self._state) > 0:
            return
        if makespan_of(self._graphs[0], self._state) < self._makespan:
            self._keep(orders)
            self._incumbent.offer(self._starts, "order search")

    def _load(self, graph: OrderGraph, orders: Int64Array) -> None:
        self._state.seq[:] = orders
        if not load(graph, self._state):
            raise InternalError("the search on orders lost a schedule")

    def _reversed(self, orders: Int64Array) -> Int64Array:
        """Turn orders of one graph into those of the other."""
        last = self._problem.arrays.node_count - 1
        begins = self._graphs[0].seq_ptr.tolist()
        return last - np.concatenate([orders[a:b][::-1] for a, b in pairwise(begins)])


def orders_of(problem: Problem, starts: Int64Array) -> Int64Array:
    """Return the tasks of each device by start, microbatches in order, one device after the other."""
    arrays = problem.arrays
    by_device = np.lexsort((in_order(problem, starts), arrays.device))
    tasks: Int64Array = by_device[arrays.device[by_device] >= 0]
    return tasks
