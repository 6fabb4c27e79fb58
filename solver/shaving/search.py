"""Raising the bound by shaving, in every thread at a horizon of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from gapweave.models.bounds import SEARCH
from gapweave.models.schedule import Bound
from gapweave.solver.horizons import Question, Rising
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.shaving.one_machine import steps_per_pass
from gapweave.solver.shaving.refutation import Refutation
from gapweave.solver.shaving.relaxation import Relaxation
from gapweave.solver.stopping import Stopping

#: The phase's name.
PHASE = "shaving"
#: Steps of the innermost loops per unit of a question's budget, which takes about as long as one of CP-SAT's.
_STEPS_PER_UNIT = 4_000_000_000
#: Steps between two looks at the clock, about 0.05 s, and as many passes over all devices at least.
_STEPS_PER_LOOK, _PASSES_PER_LOOK = 10_000_000, 4
#: Above so many steps per pass over all devices, a look at the clock would have to wait too long.
_MOST_STEPS_PER_PASS = 12_000_000
#: A question's first budget, and the first and the least step from the bound, as shares of the gap.
_FIRST_BUDGET, _FIRST_STEP, _LEAST_STEP = 0.02, 1.0, 1 / 32
#: A round that closes less than this share of the gap is the last one, if every task was tried so often
#: without a refutation just above the bound, or if that would take too many units each time.
_LITTLE, _MOST_SWEEPS, _MOST_UNITS_PER_SWEEP = 0.02, 3, 0.5


@dataclass
class Shaving:
    """Shaving of one problem, in rounds; it can be interrupted and goes on where it was.

    Attributes
    ----------
    is_spent
        Whether no more rounds are worth their time, or none is possible.
    pays
        Whether the last round closed a good part of the gap.
    work
        Units that it has taken.
    """

    incumbent: Incumbent
    is_spent: bool = field(init=False)
    pays: bool = field(default=False, init=False)
    work: float = 0.0
    _horizons: Rising = field(default_factory=lambda: Rising(_FIRST_BUDGET, _FIRST_STEP, _LEAST_STEP))
    _open: dict[int, Refutation] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.is_spent = not self.is_possible

    def run(self, stopping: Stopping, *, workers: int, work_limit: float | None = None) -> None:
        """Refute horizons from the bound on, with twice the budget in every round, as long as that pays.

        Parameters
        ----------
        work_limit
            Units that all questions may take together; None: no limit.
        """
        if self.incumbent.starts is None or self.is_spent:
            return
        last = self.work + (float("inf") if work_limit is None else work_limit)
        self.incumbent.enter(PHASE)
        while not (self.incumbent.is_optimal or self.is_spent or stopping or self.work >= last):
            gap = self._gap
            asked = self._run_round(self._horizons.budget, stopping, last, workers)
            pays = gap - self._gap >= _LITTLE * gap
            if pays or not stopping:
                self.pays, self.is_spent = pays, not pays and self._is_hopeless(asked)

    @property
    def is_possible(self) -> bool:
        """Whether a pass over all devices is short enough to look at the clock between two."""
        return self._steps_per_pass <= _MOST_STEPS_PER_PASS

    @cached_property
    def _relaxation(self) -> Relaxation:
        return Relaxation.of(self.incumbent.problem)

    @cached_property
    def _steps_per_pass(self) -> int:
        """Steps of the innermost loops for one pass over all devices, in one direction of time."""
        device = self.incumbent.problem.arrays.device
        return sum(map(steps_per_pass, np.bincount(device[device >= 0]).tolist()))

    @property
    def _gap(self) -> int:
        assert self.incumbent.makespan is not None
        return self.incumbent.makespan - self.incumbent.lower_bound

    def _is_hopeless(self, asked: set[int]) -> bool:
        """Whether what is open just above the bound has had its chance, or needs too long for one."""
        horizon = min(asked & self._open.keys(), default=None)
        if horizon is None:
            return False
        nearest = self._open[horizon]
        most = _MOST_UNITS_PER_SWEEP * _STEPS_PER_UNIT * nearest.sweeps
        return nearest.is_over or nearest.sweeps >= _MOST_SWEEPS or nearest.work > most

    def _run_round(self, budget: float, stopping: Stopping, last: float, workers: int) -> set[int]:
        """Ask in every thread, until the next questions would have a greater budget; return the horizons."""
        asked: set[int] = set()

        def take_turns() -> None:
            while (question := self._next(budget, stopping, last)) is not None:
                asked.add(question.horizon)
                self._ask(question, stopping)

        with ThreadPoolExecutor(workers) as pool:
            for turns in [pool.submit(take_turns) for _ in range(workers)]:
                turns.result()
        return asked

    def _next(self, budget: float, stopping: Stopping, last: float) -> Question | None:
        """Return the next question, None if the round is over."""
        with self._lock:
            if self.incumbent.is_optimal or self.work >= last or stopping:
                return None
            assert self.incumbent.makespan is not None
            question = self._horizons.next(self.incumbent.lower_bound, self.incumbent.makespan)
            if question.budget <= budget:
                return question
            self._horizons.withdraw(question)
            return None

    def _ask(self, question: Question, stopping: Stopping) -> None:
        """Ask a question; one that was cut short comes again."""
        refutation, _ = self.shave(question.horizon, question.budget, stopping)
        if stopping and not refutation.is_refuted:
            with self._lock:
                self._horizons.withdraw(question)

    def shave(self, horizon: int, budget: float, stopping: Stopping) -> tuple[Refutation, float]:
        """Shave until a horizon is refuted, its budget is spent, or the answer is no use any more.

        What was spent on the same horizon before counts. Returns what has become of it, and the units that
        it took this time.
        """
        with self._lock:
            refutation = self._begin(horizon)
        before, most = refutation.work, round(budget * _STEPS_PER_UNIT)
        steps = max(_STEPS_PER_LOOK, _PASSES_PER_LOOK * self._steps_per_pass)
        while not refutation.is_over and refutation.work < most:
            if stopping or horizon < self.incumbent.lower_bound:
                break
            refutation.go_on(min(steps, most - refutation.work))
        spent = (refutation.work - before) / _STEPS_PER_UNIT
        with self._lock:
            self.work += spent
            if refutation.is_refuted:
                self.incumbent.raise_bound(horizon + 1, Bound(argument=SEARCH))
            else:
                self._open[horizon] = refutation
        return refutation, spent

    def _begin(self, horizon: int) -> Refutation:
        """Go on with a horizon, or begin with what was cut off for the next later one that stayed open."""
        if horizon in self._open:
            return self._open.pop(horizon)
        self._open = {at: open for at, open in self._open.items() if at >= self.incumbent.lower_bound}
        later = min((at for at in self._open if at > horizon), default=None)
        known = None if later is None else self._open[later]
        return Refutation(self.incumbent.problem, self._relaxation, horizon, known)
