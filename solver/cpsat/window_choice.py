"""Which window to try next: shapes and goals that helped at little cost are tried more often."""

from dataclasses import dataclass
from random import Random

from gapweave.solver.adaptive import Arms, Size
from gapweave.solver.cpsat.neighbourhoods import SHAPES, Shape
from gapweave.solver.cpsat.window_model import Demand, Goal

#: Value of a better makespan; that of any other success is 1.
_BETTER = 8.0
#: Tasks in the first windows of each shape, and in the smallest ones.
_FIRST_SIZE, _LEAST_SIZE = 60.0, 12.0


@dataclass(frozen=True)
class Outcome:
    """What came of one window.

    Attributes
    ----------
    cost
        In CP-SAT's deterministic units.
    was_solved, gave_up
        Whether CP-SAT was needed, and whether it reached its limit without an answer.
    helped, is_better
        Whether the schedule was changed, and whether its makespan is smaller now.
    """

    cost: float
    was_solved: bool
    gave_up: bool
    helped: bool
    is_better: bool


@dataclass(frozen=True)
class Kind:
    """A shape of windows, and a goal."""

    shape: Shape
    goal: Goal


class WindowChoice:
    """Chooses shapes, goals and sizes, and learns from outcomes."""

    def __init__(self, rng: Random, task_count: int) -> None:
        self._rng = rng
        self._kinds = Arms([Kind(shape, goal) for shape in SHAPES for goal in Goal])
        self._sizes = {shape: Size(_FIRST_SIZE, _LEAST_SIZE, task_count) for shape in SHAPES}

    def kind(self) -> Kind:
        """Choose a shape and a goal."""
        return self._kinds.choose(self._rng)

    def draw_size(self, kind: Kind) -> int:
        """Draw the number of tasks of a window."""
        return self._sizes[kind.shape].draw(self._rng)

    def demand(self, kind: Kind, gap: int) -> Demand:
        """Draw by how much to improve: from one tick to a third of the gap to the lower bound."""
        ticks = max(1, round(gap * 10 ** -self._rng.uniform(0.5, 3.0)))
        return Demand(kind.goal, ticks, self._rng.choice((0.1, 0.3, 0.6, 1.0)))

    def learn(self, kind: Kind, outcome: Outcome) -> None:
        """Take the outcome of one window into account."""
        self._kinds.learn(kind, _BETTER if outcome.is_better else float(outcome.helped), outcome.cost)
        self._sizes[kind.shape].learn(was_solved=outcome.was_solved, gave_up=outcome.gave_up)
