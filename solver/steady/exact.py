"""CP-SAT over the whole period, cell by cell: the proof that no shorter period exists, and better schedules.

Minimising T over all schedules at once proves next to nothing. But whether there is one of period T or less
in which the second job begins in a given range is answered within a moment, mostly with no, where T is close
to what a step takes alone. So that is asked, of ever narrower ranges, at periods between the bound and the
best schedule.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import ceil, inf

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.bounds import SEARCH
from gapweave.models.schedule import Bound
from gapweave.solver.cpsat.interruptible import solve_until
from gapweave.solver.cpsat.solvers import deciding, limit
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.reach import Precedence
from gapweave.solver.steady.retime import Timed
from gapweave.solver.steady.window_model import WindowModel
from gapweave.solver.stopping import Stopping

#: Deterministic units of CP-SAT for the first question about a task.
_FIRST_EFFORT = 0.00015
#: What becomes of the effort if there was no answer, and the range was halved or too narrow for that.
_MORE_IN_HALVES, _MORE_IN_WHOLE = 1.1, 2.25
#: What becomes of the ambition if there was no answer; after a refutation, the reverse.
_LESS = 0.5
#: Ambition of the first question, low since the bound rises only once it has an answer for every cell, and
#: the least one.
_FIRST_AMBITION, _LEAST_AMBITION = 0.125, 0.02
#: Ranges are halved without asking for less down to this share of the period, and at all down to this share
#: of a task.
_SHARE_OF_PERIOD, _SHARE_OF_TASK = 1 / 16, 1 / 4
#: How many periods' reaches are kept, some hundred kilobytes each.
_REACHES_KEPT = 32


@dataclass(frozen=True)
class Question:
    """A cell that may hold a schedule better than the best one, and what to ask about it next.

    Attributes
    ----------
    at_least
        No schedule in it has a shorter period, in ticks.
    ambition
        Which share of the way from there to the best schedule is asked about.
    effort
        Deterministic units of CP-SAT that the answer may take.
    """

    cell: Cell
    at_least: int
    ambition: float
    effort: float


@dataclass(frozen=True)
class Answer:
    """What CP-SAT says of the periods that a question covers.

    Attributes
    ----------
    at_least
        No schedule in the cell has a shorter period, in ticks.
    timed
        A schedule, if one was found.
    is_refuted
        Whether none of them is possible.
    """

    at_least: int
    timed: Timed | None = None
    is_refuted: bool = False


def prove(
    graph: CyclicGraph,
    incumbent: SteadyIncumbent,
    stopping: Stopping,
    *,
    workers: int,
    seed: int,
    work_limit: float | None = None,
) -> None:
    """Ask about periods below the best one; when nothing is left to ask about, it is proven the least."""
    incumbent.enter("cp-sat")
    Proof(graph, incumbent, stopping, seed).run(workers, work_limit)


class Proof:
    """The cells that are still open; the bound is the least of what is known of each."""

    def __init__(self, graph: CyclicGraph, incumbent: SteadyIncumbent, stopping: Stopping, seed: int) -> None:
        self.graph = graph
        self.incumbent = incumbent
        self._stopping = stopping
        self._random = np.random.default_rng(seed)
        tasks = graph.arrays.task_count
        self._narrow = max(1, int(np.median(graph.arrays.duration[:tasks]) * _SHARE_OF_TASK))
        whole = Cell.whole(graph, self._best - 1)
        self._reach = lru_cache(_REACHES_KEPT)(partial(Precedence(graph).reach, cell=whole))
        self.open = [Question(whole, incumbent.proven.value, _FIRST_AMBITION, tasks * _FIRST_EFFORT)]

    @property
    def _best(self) -> int:
        """The period to be beaten."""
        assert self.incumbent.period is not None
        return self.incumbent.period

    def run(self, workers: int, work_limit: float | None = None) -> None:
        """Ask until all cells are closed, time is up, or ``work_limit`` deterministic units are spent."""
        left = inf if work_limit is None else work_limit
        with ThreadPoolExecutor(workers) as pool:
            while self.open and left > 0 and not self._stopping and not self.incumbent.is_optimal:
                asked = [self.open.pop(0) for _ in range(min(workers, len(self.open)))]
                left -= max(question.effort for question in asked)
                seeds = self._random.integers(2**31, size=len(asked)).tolist()
                answers = list(pool.map(self._ask, asked, seeds))
                for question, answer in zip(asked, answers, strict=True):
                    self._learn(question, answer)
                self._raise_bound()

    def _ask(self, question: Question, seed: int) -> Answer:
        ceiling = self._ceiling(question)
        reach = self._reach(ceiling)
        if reach is None:
            return Answer(ceiling + 1, is_refuted=True)
        model = WindowModel(self.graph, reach, question.cell, question.at_least)
        solver = deciding(seed, is_periodic=True)
        limit(solver, question.effort, self.graph.arrays.node_count, self._stopping)
        solver.parameters.use_strong_propagation_in_disjunctive = True
        solver.parameters.use_precedences_in_disjunctive_constraint = True
        status = solve_until(solver, model.cp_model, lambda: bool(self._stopping))
        if status == cp_model.INFEASIBLE:
            return Answer(ceiling + 1, is_refuted=True)
        if status is None:
            return Answer(question.at_least)
        timed = None
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            starts = np.array([solver.value(start) for start in model.start], dtype=np.int64)
            timed = Timed(solver.value(model.period), starts - starts[: self.graph.arrays.task_count].min())
        at_least = max(question.at_least, ceil(solver.best_objective_bound - 1e-6))
        return Answer(at_least, timed)

    def _ceiling(self, question: Question) -> int:
        """Return the largest period that a question covers."""
        return question.at_least + int((self._best - 1 - question.at_least) * question.ambition)

    def _learn(self, question: Question, answer: Answer) -> None:
        """Keep what was found, and what is left to ask about the cell."""
        if answer.timed is not None:
            self.incumbent.offer(found(self.graph, answer.timed, "cp-sat"))
        known = replace(question, at_least=answer.at_least)
        if answer.is_refuted:
            self.open.append(replace(known, ambition=min(1.0, question.ambition / _LESS)))
        elif question.cell.width > self._narrow:
            self.open += self._halves(known)
        else:
            self.open.append(_less(known, _MORE_IN_WHOLE))
        best = self._best
        self.open = [question for question in self.open if question.at_least < best]
        self.open.sort(key=lambda question: (question.at_least, question.effort))

    def _halves(self, question: Question) -> list[Question]:
        halves = [replace(question, cell=half) for half in question.cell.halves()]
        if question.cell.width > self._best * _SHARE_OF_PERIOD:
            return halves
        return [_less(half, _MORE_IN_HALVES) for half in halves]

    def _raise_bound(self) -> None:
        proven = min((question.at_least for question in self.open), default=self._best)
        self.incumbent.raise_bound(proven, Bound(argument=SEARCH))


def _less(question: Question, more_effort: float) -> Question:
    """Ask for less, with more effort."""
    return replace(
        question,
        ambition=max(_LEAST_AMBITION, question.ambition * _LESS),
        effort=question.effort * more_effort,
    )
