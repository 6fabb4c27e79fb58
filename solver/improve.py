"""Improving the incumbent: a search on keys, then annealing of orders and CP-SAT windows in turn."""

import threading
from itertools import count

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
#: Rounds, if nothing else ends the search: the last one of a large instance takes minutes.
_MOST_ROUNDS = 6


def improve(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    options: Options,
    *,
    persistent: bool,
    first: int = 0,
) -> int:
    """Search around the best schedule until it meets the bound or it is time to stop.

    The searches on orders and windows take turns, longer each time: what one of them cannot leave, the other
    often can. ``options.work_limit`` counts the windows' deterministic units.

    Parameters
    ----------
    persistent
        Whether to go on until it is time to stop, however long nothing helps.
    first
        Number of the first round: how many were finished before, if this continues an earlier search.

    Returns
    -------
    int
        Number of the next round.
    """
    if stopping or incumbent.is_optimal:
        return first
    preparation = Preparation(prepare_windows)
    if not first:
        incumbent.enter("key search")
        scheduler = ListScheduler(problem.arrays, problem.pinned)
        search_keys(problem, incumbent, stopping.share(_KEYS_SHARE), options.seed, scheduler)
    if not preparation.wait(stopping):
        return first
    left = float("inf") if options.work_limit is None else options.work_limit
    for number in count(first) if persistent else range(first, _MOST_ROUNDS):
        if stopping or incumbent.is_optimal or left <= 0:
            return number
        _search_orders(problem, incumbent, stopping, options, number)
        left -= _free_windows(problem, incumbent, stopping, options, number, left)
    return max(first, _MOST_ROUNDS)


def _search_orders(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options, number: int
) -> None:
    """Anneal orders in every thread, each with a seed of its own."""
    incumbent.enter("order search")
    effort = _effort(problem, _ORDERS_EFFORT, _MOST_ORDERS_EFFORT, number)

    def search(thread: int) -> None:
        seed = options.seed + 1_000 * number + thread
        search_orders(problem, incumbent, stopping, seed, effort=round(effort))

    threads = [threading.Thread(target=search, args=(index,)) for index in range(1, options.threads)]
    for thread in threads:
        thread.start()
    search(0)
    for thread in threads:
        thread.join()


def _free_windows(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    options: Options,
    number: int,
    left: float,
) -> float:
    """Free windows of the best schedule; returns the deterministic units that it may have taken."""
    if stopping or incumbent.is_optimal:
        return 0.0
    from gapweave.solver.cpsat import improve_by_windows  # OR-Tools takes a while to load

    effort = min(left, _effort(problem, _WINDOWS_EFFORT, _MOST_WINDOWS_EFFORT, number))
    improve_by_windows(
        problem,
        incumbent,
        stopping,
        workers=options.threads,
        seed=options.seed + number,
        work_limit=effort,
        persistent=True,
    )
    return effort


def _effort(problem: Problem, per_task: float, most: float, number: int) -> float:
    """Return the effort of a round; beyond the first twenty it no longer grows."""
    return min(per_task * problem.arrays.task_count, most) * (1 << min(number, 20))
