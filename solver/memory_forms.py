"""Two forms in which CP-SAT is told of memory: each answers some questions far sooner than the other."""

from dataclasses import dataclass, field
from typing import Literal, get_args

#: ``holds``: intervals of a cumulative resource; ``levels``: claims and releases of a reservoir.
MemoryForm = Literal["holds", "levels"]
FORMS: tuple[MemoryForm, ...] = get_args(MemoryForm)


@dataclass
class MemoryForms:
    """Chooses the form for each question: the one with more answers for its work, so both have their turn.

    Attributes
    ----------
    _answers, _work
        Of each form; one answer and the work of a first question are put in ahead.
    """

    first_work: float
    _answers: dict[MemoryForm, int] = field(init=False)
    _work: dict[MemoryForm, float] = field(init=False)

    def __post_init__(self) -> None:
        self._answers = dict.fromkeys(FORMS, 1)
        self._work = dict.fromkeys(FORMS, self.first_work)

    def begin(self, budget: float) -> MemoryForm:
        """Return the form for a question, whose budget counts as spent until it ends."""
        form = max(FORMS, key=lambda form: self._answers[form] / self._work[form])
        self._work[form] += budget
        return form

    def end(self, form: MemoryForm, budget: float, work: float, *, is_answered: bool) -> None:
        """Take in what became of the question."""
        self._work[form] += work - budget
        self._answers[form] += is_answered
