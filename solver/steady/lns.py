"""Large-neighbourhood search for the period: free some tasks, keep all other orders, let CP-SAT decide.

Annealing changes orders by moves that keep memory at every instant; where memory is tight, hardly any does.
Here many tasks move at once: is there a given shorter period in which all orders but those of a few tasks
stay as they are?

References
----------
P. Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", CP 1998,
doi:10.1007/3-540-49481-2_30.
"""

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from gapweave.solver.cpsat.crew import Crew
from gapweave.solver.cpsat.solvers import deciding, limit
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.incumbent import SteadyIncumbent, found, orders_of
from gapweave.solver.steady.kept_orders import PeriodicStep
from gapweave.solver.steady.neighbourhood_choice import Neighbourhood, NeighbourhoodChoice
from gapweave.solver.steady.reach import Precedence
from gapweave.solver.steady.retime import Timed, rings_of, timed
from gapweave.solver.steady.window_model import WindowModel
from gapweave.solver.stopping import Stopping

SOURCE = "neighbourhoods"
#: CP-SAT's deterministic units for one neighbourhood, and for building its model, per task of the instance.
_EFFORT, _WORK_PER_TASK = 0.1, 3e-5


def improve_by_neighbourhoods(
    incumbent: SteadyIncumbent,
    choice: NeighbourhoodChoice,
    stopping: Stopping,
    *,
    workers: int,
    work_limit: float | None = None,
    fruitless: int | None = None,
) -> None:
    """Shorten the best period until it meets its bound, or it is time to stop.

    Parameters
    ----------
    choice
        What was learnt earlier, to go on from there.
    work_limit
        Deterministic units of CP-SAT after which to stop.
    fruitless
        End after so many neighbourhoods in a row without a shorter period; None: go on.

    Raises
    ------
    InternalError
        CP-SAT refuses a model.
    """
    if incumbent.best is None or incumbent.is_optimal or stopping:
        return
    incumbent.enter(SOURCE)
    search = _NeighbourhoodSearch(incumbent, choice, work_limit, fruitless)
    search.run(stopping, workers, SOURCE)


@dataclass(frozen=True)
class _Answer:
    """What CP-SAT made of a neighbourhood, in how many deterministic units."""

    work: float = 0.0
    was_solved: bool = False
    gave_up: bool = False
    timed: Timed | None = None


@dataclass
class _NeighbourhoodSearch(Crew):
    """Threads that each free one neighbourhood at a time of the best schedule."""

    incumbent: SteadyIncumbent
    choice: NeighbourhoodChoice
    work_limit: float | None
    fruitless: int | None
    work: float = 0.0
    failures: int = 0

    def take_turn(self, stopping: Stopping) -> bool:
        """Free one neighbourhood and keep what CP-SAT finds; returns whether to go on."""
        with self.lock:
            if self.is_over or self._is_exhausted():
                return False
            assert self.incumbent.best is not None
            step = PeriodicStep.of(self.incumbent.graph, self.incumbent.best.timed)
            own = self.choice.draw(step, self.incumbent.goal)
            self.failures += 1
        answer = self._search(own, stopping)
        with self.lock:
            if self.is_over:
                return False
            self._keep(own, answer)
        return True

    def _is_exhausted(self) -> bool:
        if self.incumbent.is_optimal or self.failures == self.fruitless:
            return True
        return self.work_limit is not None and self.work >= self.work_limit

    def _search(self, own: Neighbourhood, stopping: Stopping) -> _Answer:
        """Let CP-SAT decide; mostly it refuses, since more is asked than is known to exist."""
        kept = own.step.without(own.free)
        cell = Cell.whole(kept, own.period, in_turns=False)
        reach = Precedence(kept).reach(own.period, cell)
        if reach is None:
            return _Answer()
        model = WindowModel(kept, reach, cell, own.period, own.free)
        solver = deciding(own.seed, is_periodic=True)
        limit(solver, _EFFORT, kept.arrays.node_count, stopping)
        status = self.ask(solver, model.cp_model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return _Answer(solver.work, True, status in (cp_model.UNKNOWN, None))
        starts = np.array([solver.value(start) for start in model.start], dtype=np.int64)
        return _Answer(solver.work, True, timed=self._shortest(Timed(own.period, starts)))

    def _shortest(self, answer: Timed) -> Timed:
        """Return the least period that the orders of a schedule allow."""
        graph = self.incumbent.graph
        rings = rings_of(graph, orders_of(graph, answer))
        least, most = self.incumbent.goal, answer.period
        shortest = timed(graph, rings, at_least=least, at_most=most, hint=answer.starts)
        assert shortest is not None
        return shortest

    def _keep(self, own: Neighbourhood, answer: _Answer) -> None:
        """Offer what was found, and learn which neighbourhoods pay."""
        graph = self.incumbent.graph
        better = answer.timed is not None and self.incumbent.offer(found(graph, answer.timed, SOURCE))
        if better:
            self.failures = 0
        cost = answer.work + _WORK_PER_TASK * graph.arrays.task_count
        self.work += cost
        self.choice.learn(own, cost, helped=better, was_solved=answer.was_solved, gave_up=answer.gave_up)
