"""What a large-neighbourhood search learns on its way: which choices help at little cost, and which size."""

from collections.abc import Sequence
from random import Random
from typing import Generic, TypeVar

#: Share of the choices that ignore what was learnt.
_EXPLORATION = 0.2
#: Weight of the newest outcome in the averages.
_MEMORY = 0.05
#: By how much neighbourhoods shrink if a search gives up on one, and grow if it answers, or was not needed.
_SHRINK, _GROW, _GROW_UNSOLVED = 0.85, 1.03, 1.01

Choice = TypeVar("Choice")


class Arms(Generic[Choice]):
    """Choices between which a search decides again and again: those of more gain per cost more often."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = list(choices)
        self._gain = [1.0] * len(self._choices)
        self._cost = [1.0] * len(self._choices)

    def choose(self, rng: Random) -> Choice:
        """Draw a choice."""
        if rng.random() < _EXPLORATION:
            return rng.choice(self._choices)
        rates = [gain / cost for gain, cost in zip(self._gain, self._cost, strict=True)]
        return rng.choices(self._choices, rates)[0]

    def learn(self, choice: Choice, gain: float, cost: float) -> None:
        """Take an attempt into account in the averages of a choice."""
        place = self._choices.index(choice)
        self._gain[place] += _MEMORY * (gain - self._gain[place])
        self._cost[place] += _MEMORY * (cost - self._cost[place])


class Size:
    """How many tasks to free: about as many as can be searched with the effort at hand."""

    def __init__(self, first: float, least: float, most: float) -> None:
        self._least, self._most = least, most
        self._value = min(first, most)

    def draw(self, rng: Random) -> int:
        """Draw the size of one neighbourhood."""
        return max(2, round(self._value * 2 ** rng.uniform(-1.3, 1.0)))

    def learn(self, *, was_solved: bool, gave_up: bool) -> None:
        """Take into account whether a search was needed, and whether it reached its limit."""
        factor = _GROW_UNSOLVED
        if was_solved:
            factor = _SHRINK if gave_up else _GROW
        self._value = min(max(self._value * factor, self._least), self._most)
