"""Which window to try next: shapes and goals that helped at little cost are tried more often."""

from dataclasses import dataclass, field
from random import Random

from gapweave.solver.cpsat.neighbourhoods import SHAPES, Shape
from gapweave.solver.cpsat.window_model import Demand, Goal

#: Share of the choices that ignore what was learnt.
_EXPLORATION = 0.2
#: Weight of the newest outcome in the averages.
_MEMORY = 0.05
#: Value of a better makespan; that of any other success is 1.
_BETTER = 8.0
#: Tasks in the first windows of each shape, and in the smallest ones.
_FIRST_SIZE, _LEAST_SIZE = 60.0, 12.0
#: By how much windows shrink if CP-SAT gives up on one, and grow if it answers, or if it was not needed.
_SHRINK, _GROW, _GROW_UNSOLVED = 0.85, 1.03, 1.01


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


@dataclass
class Arm:
    """One shape of windows with one goal; average gain and cost of its attempts."""

    shape: Shape
    goal: Goal
    gain: float = 1.0
    cost: float = 1.0

    def learn(self, gain: float, cost: float) -> None:
        """Take an attempt into account."""
        self.gain += _MEMORY * (gain - self.gain)
        self.cost += _MEMORY * (cost - self.cost)


@dataclass
class WindowChoice:
    """Chooses shapes, goals and sizes, and learns from outcomes."""

    rng: Random
    task_count: int
    arms: list[Arm] = field(init=False)
    size: dict[Shape, float] = field(init=False)

    def __post_init__(self) -> None:
        self.arms = [Arm(shape, goal) for shape in SHAPES for goal in Goal]
        self.size = dict.fromkeys(SHAPES, min(_FIRST_SIZE, self.task_count))

    def arm(self) -> Arm:
        """Choose a shape and a goal."""
        if self.rng.random() < _EXPLORATION:
            return self.rng.choice(self.arms)
        return self.rng.choices(self.arms, [arm.gain / arm.cost for arm in self.arms])[0]

    def draw_size(self, arm: Arm) -> int:
        """Draw the number of tasks of a window."""
        return max(2, round(self.size[arm.shape] * 2 ** self.rng.uniform(-1.3, 1.0)))

    def demand(self, arm: Arm, gap: int) -> Demand:
        """Draw by how much to improve: from one tick to a third of the gap to the lower bound."""
        ticks = max(1, round(gap * 10 ** -self.rng.uniform(0.5, 3.0)))
        return Demand(arm.goal, ticks, self.rng.choice((0.1, 0.3, 0.6, 1.0)))

    def learn(self, arm: Arm, outcome: Outcome) -> None:
        """Take the outcome of one window into account."""
        arm.learn(_BETTER if outcome.is_better else float(outcome.helped), outcome.cost)
        factor = _GROW_UNSOLVED
        if outcome.was_solved:
            factor = _SHRINK if outcome.gave_up else _GROW
        self.size[arm.shape] = min(max(self.size[arm.shape] * factor, _LEAST_SIZE), float(self.task_count))
