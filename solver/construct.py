"""Constructive schedules: heuristics, a first annealing, searches over patterns and dispatch rules."""

from collections.abc import Iterable
from contextlib import suppress
from itertools import chain

from gapweave.models.errors import NotApplicable
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.equal_jobs import equal_jobs
from gapweave.solver.first_use import wait_for_loops
from gapweave.solver.heuristics import Heuristic, heuristic, heuristics, single_job_policies
from gapweave.solver.heuristics.merge import Merge
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import JobAlone, alone, best_alone, in_turn
from gapweave.solver.kernels import Preparation, prepare_orders
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.options import Options
from gapweave.solver.order_search import search_orders
from gapweave.solver.pattern import search_patterns
from gapweave.solver.pinned import pinned_starts
from gapweave.solver.problem import Problem
from gapweave.solver.rule_search import search_rules
from gapweave.solver.stopping import Stopping

#: Dispatch rules tried before the heuristics, which take much longer each, and share of the time for them.
_FIRST_RULES = 50
_FIRST_RULES_SHARE = 0.1
#: Share of the then remaining time after which no further heuristic begins: with one job, and with several.
_HEURISTICS_SHARES = 0.6, 0.1
#: Seconds per task that a heuristic may take; the compiled one is always tried.
_HEURISTIC_SECONDS_PER_TASK = 5e-4
#: Effort of the first annealing per task, at most for all, and share of the remaining time for it.
_ANNEALING_EFFORT, _MOST_ANNEALING_EFFORT = 10_000, 15_000_000
_ANNEALING_SHARE = 0.03
#: Shares of the then remaining time after which the searches around cyclic patterns and over dispatch rules
#: end in any case: with few tasks, and with many, where annealing is too slow to do better.
_PATTERNS_SHARES, _RULES_SHARES = (0.15, 0.3), (0.1, 0.3)
_MANY_TASKS = 10_000


def construct(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options, pinned: JobAlone | None
) -> None:
    """Offer constructive schedules until one meets the bound or it is time to stop.

    Parameters
    ----------
    pinned
        The primary as it runs alone, if the mode promises it something.
    """
    incumbent.enter("heuristics")
    if not wait_for_loops(incumbent, stopping, pinned):
        return
    if pinned is not None:
        _keep_primary(pinned, incumbent)
    own, seed = ListScheduler(problem.arrays, problem.pinned), options.seed
    if problem.mode == "joint":
        _try_heuristics(problem, incumbent, stopping, stopping, [heuristic(PriorityList.name)])
        first = stopping.share(_FIRST_RULES_SHARE)
        search_rules(problem, incumbent, first, seed, [("dispatch rules", own)], most_rules=_FIRST_RULES)
        share = stopping.share(_HEURISTICS_SHARES[len(problem.instance.jobs) > 1])
        best_first = sorted(heuristics().values(), key=lambda method: method.name != Merge.name)
        _try_heuristics(problem, incumbent, stopping, share, best_first)
    _anneal_briefly(problem, incumbent, stopping, seed)
    if stopping or incumbent.is_optimal:
        return
    is_large = problem.arrays.task_count > _MANY_TASKS
    if problem.mode == "joint":
        incumbent.enter("patterns")
        share = stopping.share(_PATTERNS_SHARES[is_large])
        search_patterns(problem, incumbent, share, seed, own, options.threads)
    if stopping or incumbent.is_optimal:
        return
    incumbent.enter("dispatch rules")
    schedulers = [("dispatch rules", own), *_around_policies(problem, stopping)]
    search_rules(problem, incumbent, stopping.share(_RULES_SHARES[is_large]), seed, schedulers)


def _try_heuristics(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, share: Stopping, methods: Iterable[Heuristic]
) -> None:
    """Offer the schedule of each heuristic for which there is time; none begins after the share.

    Where heuristics take longer than their share, rules and patterns find better schedules meanwhile. They
    have all of the time where there is no schedule yet, and equal jobs to merge: that is often optimal.
    """
    for method in methods:
        if share or incumbent.is_optimal:
            return
        is_worthy = incumbent.makespan is None or (method.name == Merge.name and equal_jobs(problem))
        time = stopping if is_worthy else share
        if method.name == PriorityList.name or _has_time(problem, time):
            with suppress(NotApplicable):
                incumbent.offer(method.plan(problem.arrays).starts, method.name)


def _has_time(problem: Problem, stopping: Stopping) -> bool:
    return stopping.remaining > _HEURISTIC_SECONDS_PER_TASK * problem.arrays.task_count


def _around_policies(problem: Problem, stopping: Stopping) -> list[tuple[str, ListScheduler]]:
    """List schedulers that keep the primary as a policy has it alone, where all tasks are free."""
    schedulers = []
    if problem.mode == "joint" and len(problem.instance.jobs) > 1:
        for policy in single_job_policies().values():
            if _has_time(problem, stopping):
                with suppress(NotApplicable):
                    own = alone(problem.instance, 0, policy).as_primary()
                    pinned = pinned_starts(problem.arrays, own)
                    schedulers.append((f"fill around {policy.name}", ListScheduler(problem.arrays, pinned)))
    return schedulers


def _anneal_briefly(problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int) -> None:
    """Anneal orders for a moment: where memory is tight, that often does at once what no rule does."""
    own = stopping.share(_ANNEALING_SHARE)
    if own or incumbent.is_optimal or not Preparation(prepare_orders).wait(own):
        return
    incumbent.enter("order search")
    effort = min(_ANNEALING_EFFORT * problem.arrays.task_count, _MOST_ANNEALING_EFFORT)
    search_orders(problem, incumbent, own, seed, effort=effort)


def _keep_primary(pinned: JobAlone, incumbent: Incumbent) -> None:
    """Offer schedules that keep the primary as it is alone: the others in its idle intervals, or after it."""
    problem = incumbent.problem
    instance = problem.instance
    rule = DispatchRule.default(len(instance.jobs))
    starts = problem.pinned
    if starts is None:
        starts = pinned_starts(problem.arrays, pinned.as_primary())
    incumbent.offer(rule.run(ListScheduler(problem.arrays, starts), problem.paths), "greedy-fill")
    if incumbent.makespan is None:
        others = (best_alone(instance, job) for job in range(1, len(instance.jobs)))
        with suppress(NotApplicable):
            incumbent.offer(in_turn(problem.arrays, chain([pinned], others)), "sequential")
