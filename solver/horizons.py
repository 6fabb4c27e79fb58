"""Which horizons to ask about, and how long: between what is refuted and what is known to be possible."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

#: By how much the deterministic units of questions grow, once the questions of one budget are asked.
_GROWTH = 2.0
#: They are once no more than this share of the gap could be closed without an answer to an open question.
_LEAST_SHARE = 1 / 6


@dataclass(frozen=True)
class Question:
    """Whether a schedule ends by ``horizon``, to be answered in ``budget`` deterministic units."""

    horizon: int
    budget: float


@dataclass
class Horizons(ABC):
    """Chooses the next question from the earlier ones.

    Attributes
    ----------
    budget
        Deterministic units of the next question.
    """

    budget: float
    _asked: set[int] = field(default_factory=set, init=False)

    def next(self, lower_bound: int, makespan: int) -> Question:
        """Return what to ask next: a horizon from ``lower_bound`` to ``makespan - 1``.

        Answers show in the bound and the makespan: what was asked and still lies between them has none, or
        is being asked by another thread.
        """
        unanswered = [horizon for horizon in self._asked if lower_bound <= horizon < makespan]
        horizon = self._choose(lower_bound, makespan, unanswered)
        if horizon is None:
            self._grow()
            horizon = self._choose(lower_bound, makespan, [])
        assert horizon is not None
        self._asked.add(horizon)
        return Question(horizon, self.budget)

    def withdraw(self, question: Question) -> None:
        """Take back a question that was cut short."""
        self._asked.discard(question.horizon)

    def _grow(self) -> None:
        """Give questions a greater budget; all horizons may be asked about again."""
        self.budget *= _GROWTH
        self._asked.clear()

    @abstractmethod
    def _choose(self, lower_bound: int, makespan: int, unanswered: list[int]) -> int | None:
        """Return the next horizon; None if what has no answer leaves too little to ask about."""


@dataclass
class Halving(Horizons):
    """Closes the gap from both ends.

    The middle of the gap tells most, its ends are answered soonest: so the next question halves what lies
    between an end of the gap and the nearest question without an answer.
    """

    budget: float = 0.1

    def _choose(self, lower_bound: int, makespan: int, unanswered: list[int]) -> int | None:
        below = min(unanswered, default=makespan) - lower_bound
        above = makespan - 1 - max(unanswered, default=lower_bound - 1)
        if unanswered and max(below, above) <= _LEAST_SHARE * (makespan - lower_bound):
            return None
        return lower_bound + below // 2 if below >= above else makespan - 1 - above // 2


@dataclass
class Rising(Horizons):
    """Raises the bound alone: steps grow with each refutation, and shrink without answer.

    Attributes
    ----------
    first_step, least_step
        As shares of the gap. The first one is long, since every thread asks at a horizon of its own; once no
        answer comes at the least one either, questions get a greater budget, and the first one is halved.
    """

    budget: float = 0.02
    first_step: float = 1 / 64
    least_step: float = 1 / 4096
    _bound: int = field(default=0, init=False)
    _step: int = field(default=0, init=False)

    def _grow(self) -> None:
        super()._grow()
        self.first_step = max(2 * self.least_step, self.first_step / 2)

    def _choose(self, lower_bound: int, makespan: int, unanswered: list[int]) -> int | None:
        gap = makespan - lower_bound
        below = min(unanswered, default=makespan) - lower_bound
        if unanswered and below <= self.least_step * gap:
            return None
        grows = self._step and lower_bound > self._bound
        self._step = 2 * self._step if grows else max(1, int(gap * self.first_step))
        self._bound = lower_bound
        return lower_bound + min(self._step, below // 2)
