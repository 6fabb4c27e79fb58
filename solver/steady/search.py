"""Annealing of cyclic orders from several starts: rounds, temperatures, threads."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.annealing import anneal
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import Found, SteadyIncumbent, found
from gapweave.solver.steady.kernel import Rings
from gapweave.solver.steady.retime import edges_of, timed
from gapweave.solver.steady.warm import times_of
from gapweave.solver.stopping import Stopping

#: First temperatures of the rounds, in median durations of a task.
_TEMPERATURES = (0.05, 0.1, 0.15)
#: Moves times tasks of the first round, and of what is done in one go, and about what that takes.
_FIRST_ROUND = 5_000_000
_SLICE = 2_500_000
_SECONDS_OF_SLICE = 0.25
#: Above so many nodes a move costs more than in proportion.
_LARGE = 5_000
#: Every round is longer than the one before by this factor.
_GROWTH = 1.6
#: Share of rounds that begin with the best schedule of some origin, not with one of the best of all.
_FROM_ELSEWHERE = 0.3
_UNLIMITED = 2**60


@dataclass(frozen=True)
class _Round:
    """Where a round begins, how hot, how long, and its seed."""

    start: Found
    temperature: float
    slices: int
    seed: int


class CyclicAnnealing:
    """Rounds of annealing, each from a good schedule; what they find goes to the incumbent."""

    def __init__(self, graph: CyclicGraph, incumbent: SteadyIncumbent, seed: int) -> None:
        self.graph = graph
        self.incumbent = incumbent
        self._edges = edges_of(graph)
        self._table = block_table(graph)
        self._turning: Int64Array = np.unique(graph.source[graph.height != 0])
        self._room = np.array([_UNLIMITED if room is None else room for room in graph.room], dtype=np.int64)
        self._random = np.random.default_rng(seed)
        self._moves = _moves_of_slice(graph.arrays.node_count)
        self._median = float(np.median(graph.arrays.duration[: graph.arrays.task_count]))
        self._number = 0
        self._length = _FIRST_ROUND / _SLICE
        self._pace = 0.0

    def run(
        self, stopping: Stopping, workers: int, *, fruitless: int | None = None, work: float | None = None
    ) -> None:
        """Anneal until the bound is met or time is up.

        Parameters
        ----------
        fruitless
            End after so many rounds in a row that found nothing better; None: go on.
        work
            End after about so many seconds of work on each thread, counted in moves, so that the result does
            not depend on the clock; None: time alone decides.
        """
        idle, left = 0, None if work is None else ceil(work / _SECONDS_OF_SLICE)
        with ThreadPoolExecutor(workers) as pool:
            while left != 0 and idle != fruitless and not stopping and not self.incumbent.is_optimal:
                before = self.incumbent.period
                slices = self._slices(stopping) if left is None else min(round(self._length), left)
                left = None if left is None else left - slices
                rounds = [self._next(slices) for _ in range(workers)]
                begin = time.monotonic()
                list(pool.map(lambda own: self._anneal(own, stopping), rounds))
                self._pace = (time.monotonic() - begin) / slices
                idle = 0 if self.incumbent.period != before else idle + 1
                self._length *= _GROWTH

    def _slices(self, stopping: Stopping) -> int:
        """Return the length of a round: none is left unfinished, and no rest too short for another one."""
        wanted = round(self._length)
        if self._pace == 0.0 or stopping.remaining > 2 * wanted * self._pace:
            return wanted
        return max(1, int(stopping.remaining / self._pace))

    def _next(self, slices: int) -> _Round:
        """Draw the start, the temperature and the seed of a round."""
        temperature = _TEMPERATURES[self._number % len(_TEMPERATURES)] * self._median
        self._number += 1
        return _Round(self._start(), temperature, slices, int(self._random.integers(2**31)))

    def _start(self) -> Found:
        """Draw one of the best schedules, or now and then the best of some other origin."""
        elite, sources = self.incumbent.elite, list(self.incumbent.by_source.values())
        if self._random.random() < _FROM_ELSEWHERE:
            return sources[int(self._random.integers(len(sources)))]
        return elite[min(int(self._random.exponential(1.5)), len(elite) - 1)]

    def _anneal(self, own: _Round, stopping: Stopping) -> None:
        start = own.start
        rings, kept = (Rings(*(column.copy() for column in start.rings)) for _ in range(2))
        times = times_of(start.timed.starts, self._turning)
        period = best = start.period
        for number in range(own.slices):
            if stopping or self.incumbent.is_optimal:
                return
            known = best
            period, best = anneal(
                self._edges,
                self._table,
                rings,
                kept,
                times,
                self._room,
                period,
                best,
                self.incumbent.goal,
                self._moves,
                own.temperature * (1 - number / own.slices),
                own.temperature * (1 - (number + 1) / own.slices),
                own.seed + number,
            )
            if best < known:
                self._offer(kept, best)

    def _offer(self, rings: Rings, period: int) -> None:
        result = timed(self.graph, rings, at_least=period, at_most=period)
        assert result is not None
        self.incumbent.offer(found(self.graph, result, "annealing"))


def _moves_of_slice(nodes: int) -> int:
    """Return how many moves take as long as any other slice: a large graph's take more than their share."""
    return max(5, int(_SLICE / nodes * min(1.0, _LARGE / nodes)))


def block_table(graph: CyclicGraph) -> Int64Array:
    """Return the blocks as `gapweave.solver.steady.moves.warp` reads them, shape (blocks, 7)."""
    arrays = graph.arrays
    rows = []
    for block in arrays.blocks:
        job = graph.instance.jobs[max(0, block.job)]
        step = block.job * max(arrays.steps) + block.step
        own = (step, block.kind, block.stage, block.first, block.size)
        rows.append((*own, len(job.stages) - 1, job.microbatch_count))
    return np.array(rows, dtype=np.int64)
