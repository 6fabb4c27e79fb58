"""A search over how closely list schedules follow a pattern, and over patterns.

What is searched: how far jobs and kinds of tasks are shifted against each other, how much they drift from
period to period, and how much of the memory that the pattern leaves free is used.
"""

import random
from concurrent.futures import ThreadPoolExecutor

from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern.finding import find_patterns
from gapweave.solver.pattern.guide import Follower, Guide
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Tasks placed around one pattern, and schedules at most.
_TASKS_PLACED = 20_000_000
_MOST_SCHEDULES = 3_000
#: Schedules in a row without a better one after which others search better.
_MOST_FRUITLESS = 300


def search_patterns(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    seed: int,
    scheduler: ListScheduler,
    threads: int = 1,
) -> None:
    """Offer list schedules guided by cyclic patterns, if the jobs are long enough for one to show.

    Ends when the bound is met, when it is time to stop, or after a number of schedules that depends on the
    instance's size only.
    """

    def climb(follower: Follower) -> None:
        rng = random.Random(seed)
        best, least, fruitless = (
            Guide.default(len(problem.instance.jobs), len(problem.arrays.blocks)),
            None,
            0,
        )
        for attempt in range(min(_MOST_SCHEDULES, _TASKS_PLACED // problem.arrays.task_count)):
            if stopping or incumbent.is_optimal or fruitless == _MOST_FRUITLESS:
                return
            guide = best.perturbed(rng) if attempt else best
            starts = follower.run(guide)
            fruitless += 1
            if starts is None:
                continue
            incumbent.offer(starts, "pattern")
            makespan = problem.makespan(starts)
            if problem.admits(starts) and (least is None or makespan <= least):
                fruitless = 0 if least is None or makespan < least else fruitless
                best, least = guide, makespan

    if threads == 1:
        for pattern in find_patterns(problem, stopping, seed):
            climb(Follower(problem, scheduler, pattern))
        return
    with ThreadPoolExecutor(threads) as pool:
        followers = (Follower(problem, scheduler, own) for own in find_patterns(problem, stopping, seed))
        climbs = [pool.submit(climb, follower) for follower in followers]
        for one in climbs:
            one.result()
