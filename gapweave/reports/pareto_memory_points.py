"""What the chart of period against memory shows: points, and steps below which there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from gapweave.reports.memory_scale import MemoryScale
from gapweave.solver.pareto_memory import MemoryFront, MemoryRow


@dataclass(frozen=True)
class MemoryPoint:
    """A schedule: what it needs beyond what is resident, its period in ticks, whether that is the least."""

    needed: int
    period: int
    is_proven: bool


@dataclass(frozen=True)
class MemoryBound:
    """No schedule has a period below ``level`` (ticks) unless it needs more than ``free``; None: whatever."""

    free: int | None
    level: int


def memory_points(rows: Sequence[MemoryRow]) -> list[MemoryPoint]:
    """Return the schedules that are shorter than all that need less, from the least memory on."""
    better: list[MemoryPoint] = []
    for row in rows:
        if row.needed is None or row.period is None:
            continue
        if not better or row.period < better[-1].period:
            better.append(MemoryPoint(row.needed, row.period, row.status == "optimal"))
    return better


def memory_bounds(rows: Sequence[MemoryRow]) -> list[MemoryBound]:
    """Return what is proven for each capacity, from the least on.

    A bound holds up to its own capacity, and from there on the next one does.
    """
    return [MemoryBound(row.free, row.lower_bound) for row in rows if row.lower_bound is not None]


def memory_scale(front: MemoryFront) -> MemoryScale:
    """Return the unit in which a front's amounts are written."""
    amounts = [row.needed or row.free or 0 for row in front.rows]
    return MemoryScale.fitting(front.instance.memory_unit, max(amounts, default=0))


def capacity_name(row: MemoryRow, scale: MemoryScale) -> str:
    """Return what a row allows, in a word or two."""
    return "no limit" if row.free is None else scale.format(row.free)
