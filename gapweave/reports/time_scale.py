"""Ticks as people read them: the unit of a time axis, and times written out in it."""

import math
from dataclasses import dataclass
from typing import Self

_UNITS = ("ns", "us", "ms", "s")
_SIGNIFICANT_DIGITS = 5


@dataclass(frozen=True)
class TimeScale:
    """The unit of a time axis.

    Attributes
    ----------
    unit
        Its name, such as ``ms``.
    ticks
        How many ticks make one of it.
    """

    unit: str
    ticks: int

    @classmethod
    def fitting(cls, time_unit: str, span: int) -> Self:
        """Choose the largest unit of which ``span`` (ticks of ``time_unit``) holds at least ten."""
        if time_unit not in _UNITS:
            return cls("ticks", 1)
        unit, ticks = _UNITS.index(time_unit), 1
        while unit + 1 < len(_UNITS) and span >= 10_000 * ticks:
            unit, ticks = unit + 1, ticks * 1000
        return cls(_UNITS[unit].replace("us", "µs"), ticks)

    def format(self, ticks: int) -> str:
        """Write a time with its unit, rounded to five digits unless it is a whole number."""
        return f"{grouped(ticks / self.ticks)} {self.unit}"

    def marks(self, span: int, most: int) -> list[float]:
        """Return round positions on an axis that runs from 0 to ``span`` ticks, in the scale's unit.

        The first is 0, and there are at most ``max(most, 2)`` of them.
        """
        end = span / self.ticks
        step = 10.0 ** math.floor(math.log10(end)) / 10 if end > 0 else 1.0
        factors = (2.0, 2.5, 2.0)
        turn = 0
        while end // step + 1 > max(most, 2):
            step *= factors[turn % 3]
            turn += 1
        if self.ticks == 1:
            step = max(1.0, math.ceil(step))
        return [index * step for index in range(int(end // step) + 1)]


def grouped(value: float) -> str:
    """Write a number with thousands separated, in at most five digits unless it is whole."""
    if value == int(value):
        return f"{int(value):,}"
    decimals = max(0, _SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Write a share of one in per cent; only zero reads as ``0 %``."""
    if share and abs(share) < 0.00005:
        return "< 0.01 %"
    return f"{100 * share:.{1 if abs(share) >= 0.1 else 2}f}".rstrip("0").rstrip(".") + " %"
