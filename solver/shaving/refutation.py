"""A horizon that shaving tries to refute; it can be interrupted and goes on where it was."""

import numpy as np

from gapweave.solver.problem import Problem
from gapweave.solver.shaving.kernel import OPEN, REFUTED, Trial, shave
from gapweave.solver.shaving.relaxation import Domains, Relaxation
from gapweave.solver.shaving.scratch import Side


class Refutation:
    """Whether shaving leaves no time to some task, in schedules that end by ``horizon``.

    Parameters
    ----------
    later
        What is known of a later horizon: times that are cut off there are so here, too.

    Attributes
    ----------
    is_refuted
        No schedule ends by the horizon.
    is_over
        That is so, or no task can be shaved any more.
    domains
        What is left of each task's time.
    """

    def __init__(
        self, problem: Problem, relaxation: Relaxation, horizon: int, later: "Refutation | None" = None
    ) -> None:
        self.horizon = horizon
        self.is_refuted = self.is_over = False
        self.domains = Domains.of(problem, horizon)
        if later is not None:
            np.maximum(self.domains.early, later.domains.early, out=self.domains.early)
            np.maximum(self.domains.late, later.domains.late, out=self.domains.late)
        self._side = Side.of(relaxation)
        self._trial = Trial.of(self.domains)

    @property
    def work(self) -> int:
        """Steps of the innermost loops so far."""
        return int(self._side.scratch.work[0])

    @property
    def sweeps(self) -> float:
        """How often every task was tried; the one under way counts."""
        return (int(self._trial.at[2]) + 1) / max(1, len(self._side.relaxation.device_tasks))

    def go_on(self, steps: int) -> None:
        """Shave for so many more steps of the innermost loops."""
        outcome = shave(self._side, self._side.mirror, self.domains, self._trial, self.work + steps)
        self.is_refuted, self.is_over = outcome == REFUTED, outcome != OPEN
