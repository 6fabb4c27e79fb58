"""What the chart of a trade-off shows: points, and steps below which there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gapweave.reports.time_scale import percent
from gapweave.solver.pareto import ParetoFront, ParetoRow


@dataclass(frozen=True)
class Point:
    """Rows with one makespan and one slowdown.

    Attributes
    ----------
    slowdown
        How much later than alone the primary ends, as a share.
    makespan
        Of all jobs, in ticks.
    lower_bound
        Of the tightest of the rows, in ticks.
    names
        What the rows allow.
    """

    slowdown: float
    makespan: int
    lower_bound: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """Makespan ``level`` (ticks) for slowdowns up to ``end``; None: for all beyond."""

    end: float | None
    level: int


def subject(front: ParetoFront) -> str:
    """Return the instance's name, and where the secondary jobs were placed if not as given."""
    chosen = dict.fromkeys(row.placement for row in front.rows if row.placement != "given")
    return ", ".join((front.instance.name, *chosen))


def slack_name(row: ParetoRow) -> str:
    """Return what a row allows, in a word or two."""
    if row.mode == "fill":
        return "as alone"
    return "no limit" if row.slack is None else percent(row.slack)


def points(front: ParetoFront) -> list[Point]:
    """Return the points of all rows that have a schedule, from the tightest to the loosest."""
    found: dict[tuple[float, int], Point] = {}
    for row in front.rows:
        if row.makespan is None or row.primary_delay is None or row.lower_bound is None:
            continue
        key = row.primary_delay, row.makespan
        before = found.get(key, Point(*key, row.lower_bound, ()))
        found[key] = Point(*key, before.lower_bound, (*before.names, slack_name(row)))
    return list(found.values())


def bound_steps(rows: Sequence[ParetoRow]) -> list[Step]:
    """Return what no schedule beats, by the primary's slowdown; a row's bound holds up to its slack."""
    return [
        Step(row.slack, row.lower_bound)
        for row in rows
        if row.mode == "joint" and row.lower_bound is not None
    ]


def reached_steps(found: Sequence[Point]) -> list[Step]:
    """Return the least makespan found for each slowdown: constant until the next better point."""
    better: list[Point] = []
    for point in sorted(found, key=lambda point: (point.slowdown, point.makespan)):
        if not better or point.makespan < better[-1].makespan:
            better.append(point)
    steps = [Step(after.slowdown, before.makespan) for before, after in pairwise(better)]
    return [*steps, *(Step(None, point.makespan) for point in better[-1:])]
