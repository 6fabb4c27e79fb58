"""A search over how closely list schedules follow a pattern, and over patterns.

What is searched: how far jobs, kinds of tasks and lanes are shifted against each other, how much they drift
from period to period, and how much of the memory that the pattern leaves free is used.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gapweave.solver.guided_climb import GuidedClimb
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern.finding import find_patterns
from gapweave.solver.pattern.follower import Follower
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Tasks placed around one pattern, and schedules at most.
_TASKS_PLACED = 20_000_000
_MOST_SCHEDULES = 3_000
#: Schedules in a row without a better one after which others search better.
_MOST_FRUITLESS = 300
#: Schedules after which a pattern is given up if its gap is so many times that of the best schedule.
_TRIAL, _HOPELESS = 50, 3


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
    instance's size only. With several threads, one follows a pattern while a better one is sought.
    """
    found = find_patterns(problem, stopping, seed)
    climbs = (Climb(problem, incumbent, Follower(problem, scheduler, pattern), seed) for pattern in found)
    if threads == 1:
        for climb in climbs:
            climb.run(stopping)
        return
    with ThreadPoolExecutor(threads) as pool:
        for running in [pool.submit(climb.run, stopping) for climb in climbs]:
            running.result()


@dataclass
class Climb:
    """A hill climb over guides around one pattern."""

    problem: Problem
    incumbent: Incumbent
    follower: Follower
    seed: int

    def run(self, stopping: Stopping) -> None:
        """Offer schedules until there were enough, or none got better for long."""
        climb, fruitless = GuidedClimb(self.problem, self.follower.run, self.seed), 0
        for attempt in range(min(_MOST_SCHEDULES, _TASKS_PLACED // self.problem.arrays.task_count)):
            if stopping or self.incumbent.is_optimal or fruitless == _MOST_FRUITLESS:
                return
            if attempt == _TRIAL and self._is_hopeless(climb.makespan):
                return
            fruitless += 1
            if climb.step():
                fruitless = 0
                self.incumbent.offer(climb.starts, "pattern")

    def _is_hopeless(self, least: int | None) -> bool:
        known, bound = self.incumbent.makespan, self.incumbent.lower_bound
        return known is not None and (least is None or least - bound > _HOPELESS * (known - bound))
