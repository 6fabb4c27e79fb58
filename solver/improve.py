"""Improving the incumbent: a search on keys, then annealing of orders and CP-SAT windows in turn."""

import threading

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.kernels import Preparation, prepare_windows
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.local_search import search_keys
from gapweave.solver.options import Options
from gapweave.solver.order_search import search_orders
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Share of the remaining time after which the search on keys ends in any case.
_KEYS_SHARE = 0.05
#: Effort of the first round per task, in nodes looked at and in CP-SAT's deterministic units; it doubles
#: every round.
_ORDERS_EFFORT, _WINDOWS_EFFORT = 40_000, 0.002
#: The same for any number of tasks, at most.
_MOST_ORDERS_EFFORT, _MOST_WINDOWS_EFFORT = 60_000_000, 3.0
#: Schedules of other origins that each further thread improves in turn, beside the best one.
_LINES = 2
#: Rounds, if nothing else ends the search: the last one of a large instance takes minutes.
_MOST_ROUNDS = 6


class Improvement:
    """A search around the best schedule, in rounds; it can be interrupted and goes on where it was.

    The searches on orders and windows take turns, longer each time: what one of them cannot leave, the other
    often can.
    """

    def __init__(self, problem: Problem, incumbent: Incumbent) -> None:
        self._problem = problem
        self._incumbent = incumbent
        self._rounds = 0
        self._lines: list[Int64Array] = []

    def run(self, stopping: Stopping, options: Options, *, persistent: bool) -> None:
        """Search until the bound is met or it is time to stop.

        ``options.work_limit`` counts the windows' deterministic units.

        Parameters
        ----------
        persistent
            Whether to go on until it is time to stop, however long nothing helps.
        """
        if stopping or self._incumbent.is_optimal:
            return
        preparation = Preparation(prepare_windows)
        if not self._rounds:
            self._lines = _best_first(self._incumbent)[: _LINES * (options.threads - 1)]
            self._search_keys(stopping.share(_KEYS_SHARE), options)
        if not preparation.wait(stopping):
            return
        left = float("inf") if options.work_limit is None else options.work_limit
        while persistent or self._rounds < _MOST_ROUNDS:
            if stopping or self._incumbent.is_optimal or left <= 0:
                return
            self._search_orders(stopping, options)
            left -= self._free_windows(stopping, options, left)
            self._rounds += 1

    def _search_keys(self, stopping: Stopping, options: Options) -> None:
        self._incumbent.enter("key search")
        scheduler = ListScheduler(self._problem.arrays, self._problem.pinned)
        search_keys(self._problem, self._incumbent, stopping, options.seed, scheduler)

    def _search_orders(self, stopping: Stopping, options: Options) -> None:
        """Anneal orders in every thread: in one from the best schedule, in the others along other lines."""
        self._incumbent.enter("order search")
        effort = round(_effort(self._problem, _ORDERS_EFFORT, _MOST_ORDERS_EFFORT, self._rounds))

        def search(thread: int) -> None:
            seed = options.seed + 1_000 * self._rounds + thread
            line = (self._rounds + thread - 1) % len(self._lines) if thread and self._lines else None
            begin = None if line is None else self._lines[line]
            best = search_orders(self._problem, self._incumbent, stopping, seed, begin=begin, effort=effort)
            if line is not None and best is not None:
                self._lines[line] = best

        threads = [threading.Thread(target=search, args=(index,)) for index in range(1, options.threads)]
        for thread in threads:
            thread.start()
        search(0)
        for thread in threads:
            thread.join()

    def _free_windows(self, stopping: Stopping, options: Options, left: float) -> float:
        """Free windows of the best schedule; returns the deterministic units that it may have taken."""
        if stopping or self._incumbent.is_optimal:
            return 0.0
        from gapweave.solver.cpsat import improve_by_windows  # OR-Tools takes a while to load

        effort = min(left, _effort(self._problem, _WINDOWS_EFFORT, _MOST_WINDOWS_EFFORT, self._rounds))
        improve_by_windows(
            self._problem,
            self._incumbent,
            stopping,
            workers=options.threads,
            seed=options.seed + self._rounds,
            work_limit=effort,
            persistent=True,
        )
        return effort


def _best_first(incumbent: Incumbent) -> list[Int64Array]:
    """Return the best schedule of each source but the best of all."""
    found = sorted(incumbent.by_source.values(), key=lambda own: own.makespan)
    return [own.starts for own in found if own.starts is not incumbent.starts]


def _effort(problem: Problem, per_task: float, most: float, number: int) -> float:
    """Return the effort of a round; beyond the first twenty it no longer grows."""
    return min(per_task * problem.arrays.task_count, most) * (1 << min(number, 20))
