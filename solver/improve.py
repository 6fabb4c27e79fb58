"""Improving the incumbent: a search on keys, then annealing of orders and CP-SAT windows in turn."""

import threading
from itertools import count

from gapweave.solver.incumbent import Incumbent
from gapweave.solver.kernels import Preparation
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.local_search import search_keys
from gapweave.solver.options import Options
from gapweave.solver.order_search import search_orders
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Share of the remaining time after which the search on keys ends in any case.
_KEYS_SHARE = 0.05
#: Effort of the first round, in nodes looked at and in CP-SAT's deterministic units; it doubles every round.
_ORDERS_EFFORT = 60_000_000
_WINDOWS_EFFORT = 3.0
#: Rounds, if neither a limit nor a proof ends the search: the last one takes minutes.
_MOST_ROUNDS = 6


def improve(problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options) -> None:
    """Search around the best schedule until it meets the bound or it is time to stop.

    The searches on orders and windows take turns, longer each time: what one of them cannot leave, the other
    often can. ``options.work_limit`` counts the windows' deterministic units.
    """
    if stopping or incumbent.is_optimal:
        return
    preparation = Preparation()
    incumbent.enter("key search")
    scheduler = ListScheduler(problem.arrays, problem.pinned)
    search_keys(problem, incumbent, stopping.share(_KEYS_SHARE), options.seed, scheduler)
    if not preparation.wait(stopping):
        return
    left = float("inf") if options.work_limit is None else options.work_limit
    for number in count() if options.has_deadline else range(_MOST_ROUNDS):
        if stopping or incumbent.is_optimal or left <= 0:
            return
        _search_orders(problem, incumbent, stopping, options, number)
        left -= _free_windows(problem, incumbent, stopping, options, number, left)


def _search_orders(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options, number: int
) -> None:
    """Anneal orders in every thread, each with a seed of its own."""
    incumbent.enter("order search")
    effort = _ORDERS_EFFORT << number

    def search(thread: int) -> None:
        seed = options.seed + 1_000 * number + thread
        search_orders(problem, incumbent, stopping, seed, effort=effort)

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

    effort = min(left, _WINDOWS_EFFORT * (1 << number))
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
