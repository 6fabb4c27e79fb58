"""Which neighbourhood of a periodic schedule to try next, and what to ask of it."""

from dataclasses import dataclass
from random import Random

from gapweave.solver.adaptive import Arms, Size
from gapweave.solver.steady.kept_orders import PeriodicStep
from gapweave.solver.steady.neighbourhoods import SHAPES, Mask, Shape

#: Tasks in the first neighbourhoods of each shape, and in the smallest ones.
_FIRST_SIZE, _LEAST_SIZE = 40.0, 12.0
#: Value of a shorter period, and of none.
_SHORTER, _NOTHING = 8.0, 0.2
#: By how much the period is to become shorter: a share of the gap between these powers of ten.
_LEAST_DEMAND, _MOST_DEMAND = -3.0, -0.7


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Tasks of a schedule that may go elsewhere, shape (tasks,), and the period that this is to reach."""

    step: PeriodicStep
    shape: Shape
    free: Mask
    period: int
    seed: int


class NeighbourhoodChoice:
    """Chooses shapes, sizes and periods, and learns from what comes of them."""

    def __init__(self, task_count: int, seed: int) -> None:
        self._rng = Random(seed)
        self._shapes = Arms(SHAPES)
        self._sizes = {shape: Size(_FIRST_SIZE, _LEAST_SIZE, task_count) for shape in SHAPES}

    def draw(self, step: PeriodicStep, goal: int) -> Neighbourhood:
        """Draw a neighbourhood of a schedule, and a period that is closer to the goal, in ticks."""
        shape = self._shapes.choose(self._rng)
        size = self._sizes[shape].draw(self._rng)
        share = 10 ** self._rng.uniform(_LEAST_DEMAND, _MOST_DEMAND)
        less = max(1, round((step.period - goal) * share))
        free = shape(step, self._rng, size)
        return Neighbourhood(step, shape, free, step.period - less, self._rng.randrange(2**31))

    def learn(
        self, own: Neighbourhood, cost: float, *, helped: bool, was_solved: bool, gave_up: bool
    ) -> None:
        """Take into account what came of a neighbourhood, and what it cost."""
        self._shapes.learn(own.shape, _SHORTER if helped else _NOTHING, cost)
        self._sizes[own.shape].learn(was_solved=was_solved, gave_up=gave_up)
