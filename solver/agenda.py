"""What decisions ask, and what they have learnt: where the next turn goes on."""

from dataclasses import dataclass, field

from gapweave.solver.horizons import Halving, Horizons
from gapweave.solver.memory_forms import MemoryForms
from gapweave.solver.shaving import Shaving


@dataclass
class Agenda:
    """The state of a proof that takes turns with other work.

    Attributes
    ----------
    horizons
        What was asked, and what comes next.
    forms
        Which form of the model has answered how much.
    shaving
        Goes before each question, if given.
    """

    horizons: Horizons = field(default_factory=Halving)
    shaving: Shaving | None = None
    forms: MemoryForms = field(init=False)

    def __post_init__(self) -> None:
        self.forms = MemoryForms(self.horizons.budget)
