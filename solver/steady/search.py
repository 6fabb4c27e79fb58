"""Annealing of cyclic orders from several starts: rounds, temperatures, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.annealing import anneal
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.kernel import Rings
from gapweave.solver.steady.retime import edges_of, timed
from gapweave.solver.steady.warm import times_of
from gapweave.solver.stopping import Stopping

#: First temperatures of the rounds, in median durations of a task.
_TEMPERATURES = (0.03, 0.08, 0.15)
#: Moves of a round times tasks: what a second or less can do.
_WORK_OF_ROUND = 10_000_000
_UNLIMITED = 2**60


class CyclicAnnealing:
    """Rounds of annealing, each from a good schedule; what they find goes to the incumbent."""

    def __init__(self, graph: CyclicGraph, incumbent: SteadyIncumbent, seed: int) -> None:
        self.graph = graph
        self.incumbent = incumbent
        self._edges = edges_of(graph)
        self._table = _table(graph)
        self._turning: Int64Array = np.unique(graph.source[graph.height != 0])
        self._room = np.array([_UNLIMITED if room is None else room for room in graph.room], dtype=np.int64)
        self._random = np.random.default_rng(seed)
        self._moves = max(50, _WORK_OF_ROUND // graph.arrays.node_count)
        self._median = float(np.median(graph.arrays.duration[: graph.arrays.task_count]))
        self._round = 0

    def run(self, stopping: Stopping, workers: int, fruitless: int) -> None:
        """Anneal until the bound is met, time is up, or that many rounds in a row found nothing better."""
        idle = 0
        while idle < fruitless and not stopping and not self.incumbent.is_optimal:
            tasks = [self._next() for _ in range(workers)]
            with ThreadPoolExecutor(workers) as pool:
                better = any(list(pool.map(lambda task: self._anneal(*task), tasks)))
            idle = 0 if better else idle + 1

    def _next(self) -> tuple[int, float, int]:
        """Draw the start, the temperature and the seed of a round."""
        place = min(int(self._random.exponential(1.5)), len(self.incumbent.elite) - 1)
        self._round += 1
        temperature = _TEMPERATURES[self._round % len(_TEMPERATURES)] * self._median
        return place, temperature, int(self._random.integers(2**31))

    def _anneal(self, place: int, temperature: float, seed: int) -> bool:
        start = self.incumbent.elite[place]
        rings = Rings(*(column.copy() for column in start.rings))
        bound = self.incumbent.proven.value
        period = int(
            anneal(
                self._edges,
                self._table,
                rings,
                times_of(start.timed.starts, self._turning),
                self._room,
                start.period,
                bound,
                self._moves,
                temperature,
                seed,
            )
        )
        if period >= start.period:
            return False
        result = timed(self.graph, rings, at_least=period, at_most=period, hint=start.timed.starts)
        assert result is not None
        return self.incumbent.offer(found(self.graph, result, "annealing"))


def _table(graph: CyclicGraph) -> Int64Array:
    """Return the blocks as `gapweave.solver.steady.moves.warp` reads them, shape (blocks, 7)."""
    arrays = graph.arrays
    rows = []
    for block in arrays.blocks:
        job = graph.instance.jobs[max(0, block.job)]
        step = block.job * max(arrays.steps) + block.step
        own = (step, block.kind, block.stage, block.first, block.size)
        rows.append((*own, len(job.stages) - 1, job.microbatch_count))
    return np.array(rows, dtype=np.int64)
