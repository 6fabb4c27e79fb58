"""Amounts of memory as people read them."""

from dataclasses import dataclass
from typing import Self

from gapweave.reports.time_scale import grouped

_DECIMAL = ("B", "kB", "MB", "GB", "TB")
_BINARY = ("KiB", "MiB", "GiB", "TiB")
_FAMILIES = ((_DECIMAL, 1000), (_BINARY, 1024))


@dataclass(frozen=True)
class MemoryScale:
    """The unit in which memory is written; ``amount`` of the instance's units make one of it."""

    unit: str
    amount: int

    @classmethod
    def fitting(cls, memory_unit: str, largest: int) -> Self:
        """Choose the largest unit of which ``largest`` (in ``memory_unit``) holds at least one."""
        for units, factor in _FAMILIES:
            if memory_unit in units:
                index, amount = units.index(memory_unit), 1
                while index + 1 < len(units) and largest >= amount * factor:
                    index, amount = index + 1, amount * factor
                return cls(units[index], amount)
        return cls(memory_unit, 1)

    def format(self, level: int) -> str:
        """Write an amount with its unit, in three digits or as a whole number."""
        value = level / self.amount
        digits = 0 if value >= 100 else 1 if value >= 10 else 2
        unit = "units" if self.unit == "unit" and level != 1 else self.unit
        return f"{grouped(round(value, digits))} {unit}"
