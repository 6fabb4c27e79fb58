"""Local search on keys: list schedules in the order of a known schedule's starts, a little disturbed.

The encoding follows random-key search: a schedule's own starts, read as keys, give (nearly) the same schedule
again, so a small change of some keys is a small change of the schedule, and the list scheduler repairs it.

References
----------
J. C. Bean, "Genetic algorithms and random keys for sequencing and optimization", ORSA Journal on Computing 6
(1994), doi:10.1287/ijoc.6.2.154.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Attempts without a better schedule after which the search gives up.
_MOST_FAILURES = 4_000
#: Tasks placed after which it gives up as well: a deterministic measure of effort.
_TASKS_PLACED = 20_000_000
#: Weight of the mean end of all tasks beside the makespan: it tells equal makespans apart.
_MEAN_END_WEIGHT = 0.02

Keys: TypeAlias = npt.NDArray[np.float64]


def search_keys(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    seed: int,
    scheduler: ListScheduler,
) -> None:
    """Improve the incumbent until it meets its bound, nothing helps any more, or it is time to stop.

    Parameters
    ----------
    scheduler
        Of this problem, with its pinned tasks.
    """
    if incumbent.starts is None:
        return
    search = _KeySearch(problem, scheduler, incumbent.starts, seed)
    attempts, failures = _TASKS_PLACED // problem.arrays.task_count, 0
    while not stopping and not incumbent.is_optimal:
        attempts -= 1
        if attempts < 0 or failures >= _MOST_FAILURES:
            return
        starts = search.attempt()
        failures = 0 if incumbent.offer(starts, "key search") else failures + 1


class _KeySearch:
    """Hill climbing: a disturbed schedule is kept if it is no worse."""

    def __init__(self, problem: Problem, scheduler: ListScheduler, starts: Int64Array, seed: int) -> None:
        self._problem = problem
        self._scheduler = scheduler
        self._random = np.random.default_rng(seed)
        self._starts = starts
        self._cost = self._cost_of(starts)
        self._patience = np.array([1.0, 1.0, 1.0, 0.0])
        arrays = problem.arrays
        self._unit = float(arrays.duration[: arrays.task_count].mean())

    def attempt(self) -> Int64Array | None:
        """Disturb the current schedule once; returns the new one if it is kept."""
        keys = self._starts.astype(np.float64)
        for _ in range(1 + (self._random.random() < 0.3)):
            self._disturb(keys)
        patience = self._patience
        if self._random.random() < 0.5:
            patience = np.clip(patience + self._random.normal(0.0, 0.3, len(patience)), 0.0, 3.0)
        starts = self._scheduler.run(keys, {}, patience.tolist())
        if starts is None or not self._problem.admits(starts):
            return None
        cost = self._cost_of(starts)
        if cost > self._cost:
            return None
        self._starts, self._cost, self._patience = starts, cost, patience
        return starts

    def _cost_of(self, starts: Int64Array) -> float:
        ends = (starts + self._problem.arrays.duration)[: self._problem.arrays.task_count]
        return float(ends.max() + _MEAN_END_WEIGHT * ends.mean())

    def _disturb(self, keys: Keys) -> None:
        """Add noise to the keys in a time window (of all devices or one), of a block's end, or of a kind."""
        chance, arrays = self._random, self._problem.arrays
        spread = self._unit * 10 ** chance.uniform(-1.0, 1.0)
        makespan = float(self._starts.max())
        begin = chance.uniform(0.0, makespan)
        kind_of_move = chance.integers(4)
        if kind_of_move == 0:
            width = makespan * 10 ** chance.uniform(-1.5, 0.0)
            chosen = np.abs(self._starts - begin) <= width
            keys[chosen] += chance.normal(0.0, spread, int(chosen.sum()))
        elif kind_of_move == 1:
            device = chance.integers(len(self._problem.instance.devices))
            end = begin + makespan * chance.uniform(0.0, 0.3)
            chosen = (arrays.device == device) & (self._starts >= begin) & (self._starts <= end)
            keys[chosen] += chance.normal(0.0, spread, int(chosen.sum()))
        elif kind_of_move == 2:
            block = arrays.blocks[chance.integers(len(arrays.blocks))]
            first = block.first + chance.integers(block.size)
            keys[first : block.first + block.size] += chance.normal(0.0, 2 * spread)
        else:
            job = chance.integers(len(self._problem.instance.jobs))
            end = makespan if chance.random() < 0.5 else begin + makespan * chance.uniform(0.0, 0.5)
            chosen = (arrays.job == job) & (arrays.kind == chance.integers(3))
            chosen &= (self._starts >= begin) & (self._starts <= end)
            keys[chosen] += chance.normal(0.0, 2 * spread)
