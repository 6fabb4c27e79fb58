"""A hill climb over guides: list schedules along one plan, each with a small change of the best guide."""

import random
from collections.abc import Callable

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.guide import Guide
from gapweave.solver.problem import Problem


class GuidedClimb:
    """The best schedule along a plan so far, and its guide.

    Parameters
    ----------
    problem
        What is scheduled.
    follow
        Returns the starts of all nodes under a guide, shape (nodes,), in ticks; None if there is no schedule.
    seed
        Of the random choices.
    drawn
        Guides that are drawn, after the default one, before the best one is changed.

    Attributes
    ----------
    starts, makespan
        Of the best schedule so far, in ticks; None without one.
    """

    def __init__(
        self, problem: Problem, follow: Callable[[Guide], Int64Array | None], seed: int, drawn: int = 0
    ) -> None:
        self.starts: Int64Array | None = None
        self.makespan: int | None = None
        self._problem = problem
        self._follow = follow
        self._random = random.Random(seed)
        self._drawn = drawn
        self._tried = 0
        self._guide = self._default = Guide.default(len(problem.instance.jobs), len(problem.arrays.blocks))

    def step(self) -> bool:
        """Try one more guide; returns whether its schedule is shorter than all before."""
        guide = self._next()
        self._tried += 1
        starts = self._follow(guide)
        if starts is None or not self._problem.admits(starts):
            return False
        makespan, before = self._problem.makespan(starts), self.makespan
        if before is not None and makespan > before:
            return False
        self.starts, self.makespan, self._guide = starts, makespan, guide
        return before is None or makespan < before

    def _next(self) -> Guide:
        if not self._tried:
            return self._default
        if self._tried <= self._drawn:
            return self._default.drawn(self._random)
        return self._guide.perturbed(self._random)
