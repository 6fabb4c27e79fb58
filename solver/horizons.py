"""Which horizons to ask about, and how long: between what is refuted and what is known to be possible."""

from dataclasses import dataclass, field

#: Deterministic units of a question at first, and by how much they grow.
_FIRST_BUDGET, _GROWTH = 0.1, 2.0
#: They grow once no more than this share of the gap could be closed without an answer to an open question.
_LEAST_SHARE = 1 / 6


@dataclass(frozen=True)
class Question:
    """Whether a schedule ends by ``horizon``, to be answered in ``budget`` deterministic units."""

    horizon: int
    budget: float


@dataclass
class Horizons:
    """Chooses the next question from the earlier ones.

    The middle of the gap tells most, its ends are answered soonest: so the next question halves what lies
    between an end of the gap and the nearest question without an answer.

    Attributes
    ----------
    budget
        Deterministic units of the next question.
    refuting
        Whether to ask only what may be refuted: a quarter of the way to the nearest question without answer.
    """

    budget: float = _FIRST_BUDGET
    refuting: bool = False
    _asked: set[int] = field(default_factory=set)

    def next(self, lower_bound: int, makespan: int) -> Question:
        """Return what to ask next: a horizon from ``lower_bound`` to ``makespan - 1``.

        Answers show in the bound and the makespan: what was asked and still lies between them has none, or
        is being asked by another thread.
        """
        gap = makespan - lower_bound
        unanswered = [horizon for horizon in self._asked if lower_bound <= horizon < makespan]
        below = min(unanswered, default=makespan) - lower_bound
        above = 0 if self.refuting else makespan - 1 - max(unanswered, default=lower_bound - 1)
        if max(below, above) <= (_LEAST_SHARE**2 if self.refuting else _LEAST_SHARE) * gap:
            self.budget *= _GROWTH
            self._asked.clear()
            below = gap
        if below >= above:
            horizon = lower_bound + below // (4 if self.refuting else 2)
        else:
            horizon = makespan - 1 - above // 2
        self._asked.add(horizon)
        return Question(horizon, self.budget)

    def withdraw(self, question: Question) -> None:
        """Take back a question that was cut short."""
        self._asked.discard(question.horizon)
