"""Constructive schedules: every heuristic once, then the search over dispatch rules."""

from contextlib import suppress
from itertools import chain

from gapweave.models.errors import NotApplicable
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics import heuristics, single_job_policies
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import JobAlone, alone, best_alone, in_turn
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pinned import pinned_starts
from gapweave.solver.problem import Problem
from gapweave.solver.rule_search import search_rules
from gapweave.solver.stopping import Stopping

#: Seconds per task that must remain for a heuristic to be tried; the compiled one is always tried.
_HEURISTIC_SECONDS_PER_TASK = 5e-4
#: Share of the remaining time after which the search over dispatch rules ends in any case.
_RULES_SHARE = 0.3


def construct(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int, pinned: JobAlone | None
) -> None:
    """Offer constructive schedules until one meets the bound or it is time to stop.

    Parameters
    ----------
    pinned
        The primary as it runs alone, if the mode promises it something.
    """
    incumbent.enter("heuristics")
    if pinned is not None:
        _keep_primary(pinned, incumbent)
    if problem.mode == "joint":
        _try_heuristics(problem, incumbent, stopping)
    if stopping or incumbent.is_optimal:
        return
    incumbent.enter("dispatch rules")
    schedulers = _schedulers(problem, stopping)
    search_rules(problem, incumbent, stopping.share(_RULES_SHARE), seed, schedulers)


def _try_heuristics(problem: Problem, incumbent: Incumbent, stopping: Stopping) -> None:
    """Offer every heuristic's schedule, the compiled one first."""
    for method in sorted(heuristics().values(), key=lambda method: method.name != PriorityList.name):
        if stopping or incumbent.is_optimal:
            return
        if method.name == PriorityList.name or _has_time(problem, stopping):
            with suppress(NotApplicable):
                incumbent.offer(method.plan(problem.arrays).starts, method.name)


def _has_time(problem: Problem, stopping: Stopping) -> bool:
    return stopping.remaining > _HEURISTIC_SECONDS_PER_TASK * problem.arrays.task_count


def _schedulers(problem: Problem, stopping: Stopping) -> list[tuple[str, ListScheduler]]:
    """List schedulers to search with: all tasks free, or the primary kept as a policy has it alone."""
    schedulers = [("dispatch rules", ListScheduler(problem.arrays, problem.pinned))]
    if problem.mode == "joint" and len(problem.instance.jobs) > 1:
        for policy in single_job_policies().values():
            if _has_time(problem, stopping):
                with suppress(NotApplicable):
                    own = alone(problem.instance, 0, policy).as_primary()
                    pinned = pinned_starts(problem.arrays, own)
                    schedulers.append((f"fill around {policy.name}", ListScheduler(problem.arrays, pinned)))
    return schedulers


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
