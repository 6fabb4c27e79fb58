"""Search over dispatch rules: list schedules under random and improved rules until the bound is met."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Tasks placed in one search, over all its list schedules: a deterministic measure of effort.
_TASKS_PLACED = 10_000_000
#: Rules tried per task: where there are few, CP-SAT is the better searcher.
_RULES_PER_TASK = 10
#: Rules in a row without a better schedule after which annealing of orders is the better searcher.
_MOST_FRUITLESS = 500


@dataclass
class _Arm:
    """One list scheduler and the best rule found for it."""

    scheduler: ListScheduler
    source: str
    rule: DispatchRule
    makespan: int | None = None


def search_rules(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    seed: int,
    schedulers: Sequence[tuple[str, ListScheduler]],
    *,
    most_rules: int = 10**9,
) -> None:
    """Offer list schedules to the incumbent: the default rule, then random and perturbed ones.

    Ends when the bound is met, when it is time to stop, or after a number of rules that depends on the
    instance's size only, so that one seed always gives the same schedules.

    Parameters
    ----------
    schedulers
        Named schedulers of this instance, which may pin different tasks; the better one is used more.
    most_rules
        How many rules to try, if the instance's size does not allow fewer.
    """
    rng = random.Random(seed)
    jobs = len(problem.instance.jobs)
    arms = [_Arm(scheduler, source, DispatchRule.default(jobs)) for source, scheduler in schedulers]
    tasks = problem.arrays.task_count
    fruitless = 0
    for attempt in range(max(len(arms), min(_RULES_PER_TASK * tasks, _TASKS_PLACED // tasks, most_rules))):
        if stopping or incumbent.is_optimal or not arms or fruitless == _MOST_FRUITLESS:
            return
        arm = arms[attempt] if attempt < len(arms) else _chosen(arms, rng)
        rule = _next_rule(arm, jobs, rng) if attempt >= len(arms) else arm.rule
        starts = rule.run(arm.scheduler, problem.paths)
        if starts is None:
            arms.remove(arm)
            continue
        fruitless = 0 if incumbent.offer(starts, arm.source) else fruitless + 1
        makespan = problem.makespan(starts)
        if problem.admits(starts) and (arm.makespan is None or makespan <= arm.makespan):
            arm.rule, arm.makespan = rule, makespan


def drawn(jobs: int, rng: random.Random) -> DispatchRule:
    """Draw a rule at random."""
    return DispatchRule(
        head_weight=1.0,
        tail_weight=rng.choice((0.0, 0.0, rng.uniform(0, 2))),
        kind_delay=(0.0, rng.uniform(-6, 6), rng.uniform(-6, 20), rng.uniform(-6, 6)),
        job_delay=(0.0, *(rng.choice((0.0, rng.uniform(-20, 20))) for _ in range(jobs - 1))),
        round_trips=tuple(rng.choice((None, rng.uniform(0.5, 3))) for _ in range(jobs)),
        patience=(*(rng.choice((0.0, rng.uniform(0, 1), rng.uniform(0, 2))) for _ in "FBW"), 0.0),
    )


def perturbed(rule: DispatchRule, rng: random.Random) -> DispatchRule:
    """Change about half of a rule's parameters a little."""

    def moved(value: float, spread: float) -> float:
        return value + rng.gauss(0, spread) if rng.random() < 0.5 else value

    return DispatchRule(
        head_weight=rule.head_weight,
        tail_weight=max(0.0, moved(rule.tail_weight, 0.1)),
        kind_delay=tuple(moved(delay, 1.0) for delay in rule.kind_delay),
        job_delay=(0.0, *(moved(delay, 2.0) for delay in rule.job_delay[1:])),
        round_trips=tuple(
            trips if trips is None else max(0.1, moved(trips, 0.2)) for trips in rule.round_trips
        ),
        patience=tuple(max(0.0, moved(share, 0.2)) for share in rule.patience),
    )


def _chosen(arms: Sequence[_Arm], rng: random.Random) -> _Arm:
    """Take the arm with the best makespan most of the time, any arm otherwise."""
    if len(arms) == 1 or rng.random() < 0.3:
        return rng.choice(arms)
    return min(arms, key=lambda arm: float("inf") if arm.makespan is None else arm.makespan)


def _next_rule(arm: _Arm, jobs: int, rng: random.Random) -> DispatchRule:
    return perturbed(arm.rule, rng) if rng.random() < 0.5 else drawn(jobs, rng)
