"""Search over dispatch rules: list schedules under random and improved rules until the bound is met."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gapweave.models.task_arrays import KIND_COUNT
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Tasks placed in one search, over all its list schedules: a deterministic measure of effort.
_TASKS_PLACED = 2_000_000
_MOST_RULES = 3_000


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
) -> None:
    """Offer list schedules to the incumbent: the default rule, then random and perturbed ones.

    Ends when the bound is met, when it is time to stop, or after a number of rules that depends on the
    instance's size only, so that one seed always gives the same schedules.

    Parameters
    ----------
    schedulers
        Named schedulers of this instance, which may pin different tasks; the better one is used more.
    """
    rng = random.Random(seed)
    jobs = len(problem.instance.jobs)
    arms = [_Arm(scheduler, source, DispatchRule.default(jobs)) for source, scheduler in schedulers]
    for attempt in range(max(len(arms), min(_MOST_RULES, _TASKS_PLACED // problem.arrays.task_count))):
        if stopping or incumbent.is_optimal or not arms:
            return
        arm = arms[attempt] if attempt < len(arms) else _chosen(arms, rng)
        rule = _next_rule(arm, jobs, rng) if attempt >= len(arms) else arm.rule
        starts = arm.scheduler.run(rule.keys(problem.paths), rule.limits(problem.paths))
        if starts is None:
            arms.remove(arm)
            continue
        incumbent.offer(starts, arm.source)
        makespan = problem.makespan(starts)
        if problem.admits(starts) and (arm.makespan is None or makespan <= arm.makespan):
            arm.rule, arm.makespan = rule, makespan


def drawn(jobs: int, rng: random.Random) -> DispatchRule:
    """Draw a rule at random."""
    return DispatchRule(
        head_weight=1.0,
        tail_weight=rng.choice((0.0, 0.0, rng.uniform(0, 2))),
        kind_delay=(0.0, *(rng.uniform(-6, 6) for _ in range(KIND_COUNT - 1))),
        job_delay=(0.0, *(rng.choice((0.0, rng.uniform(-20, 20))) for _ in range(jobs - 1))),
        round_trips=tuple(rng.choice((None, rng.uniform(0.5, 3))) for _ in range(jobs)),
    )


def perturbed(rule: DispatchRule, rng: random.Random) -> DispatchRule:
    """Change one parameter of a rule a little."""
    field = rng.choice(("tail_weight", "kind_delay", "job_delay", "round_trips"))
    if field == "tail_weight":
        return replace(rule, tail_weight=max(0.0, rule.tail_weight + rng.gauss(0, 0.3)))
    if field == "round_trips":
        trips = list(rule.round_trips)
        index = rng.randrange(len(trips))
        trips[index] = max(0.1, (trips[index] or 3.0) + rng.gauss(0, 0.3))
        return replace(rule, round_trips=tuple(trips))
    delays = list(rule.kind_delay if field == "kind_delay" else rule.job_delay)
    delays[rng.randrange(len(delays))] += rng.gauss(0, 2)
    if field == "kind_delay":
        return replace(rule, kind_delay=tuple(delays))
    return replace(rule, job_delay=tuple(delays))


def _chosen(arms: Sequence[_Arm], rng: random.Random) -> _Arm:
    """Take the arm with the best makespan most of the time, any arm otherwise."""
    if len(arms) == 1 or rng.random() < 0.3:
        return rng.choice(arms)
    return min(arms, key=lambda arm: float("inf") if arm.makespan is None else arm.makespan)


def _next_rule(arm: _Arm, jobs: int, rng: random.Random) -> DispatchRule:
    return perturbed(arm.rule, rng) if rng.random() < 0.5 else drawn(jobs, rng)
