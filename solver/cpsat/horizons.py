"""Which horizons to ask about, and how long: between what is refuted and what is known to be possible."""

from dataclasses import dataclass, field

#: Where to ask between bound and best schedule, one after the other, as long as there is no answer: the
#: middle tells most, the ends are answered soonest.
_PLACES = (0.5, 0.25, 0.75, 0.125, 0.875)
#: Deterministic units of a question at first, and by how much they grow once no place has an answer.
_FIRST_BUDGET, _GROWTH = 0.2, 2.0


@dataclass(frozen=True)
class Question:
    """Whether a schedule ends by ``horizon``, to be answered in ``budget`` deterministic units."""

    horizon: int
    budget: float


@dataclass
class Horizons:
    """Chooses the next question from what became of the earlier ones."""

    budget: float = _FIRST_BUDGET
    _place: int = 0
    _unanswered: set[int] = field(default_factory=set)

    def next(self, lower_bound: int, makespan: int) -> Question:
        """Return what to ask next: a horizon from ``lower_bound`` to ``makespan - 1``.

        Questions given out count as unanswered until `answered` is called, so that several threads ask
        different ones.
        """
        while True:
            if self._place == len(_PLACES):
                self._place, self.budget = 0, self.budget * _GROWTH
                self._unanswered.clear()
            horizon = lower_bound + int(_PLACES[self._place] * (makespan - lower_bound))
            if horizon not in self._unanswered:
                self._unanswered.add(horizon)
                return Question(horizon, self.budget)
            self._place += 1

    def answered(self, question: Question, has_answer: bool) -> None:
        """Note whether a question was answered; if not, its place is left for the next one."""
        if not has_answer and question.budget >= self.budget:
            self._place += 1
