"""What period against memory says, in words."""

from gapweave.reports.pareto_memory_points import memory_scale
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.pareto_memory import MemoryFront, MemoryRow


def pareto_memory_words(front: MemoryFront) -> str:
    """Return in a few sentences what memory buys: the least that works, as much as 1F1B, the most of use."""
    found = [row for row in front.rows if row.period is not None]
    if not found:
        return "No schedule was found."
    sentences = [_ends(front, found)]
    baseline = front.one_after_the_other
    if baseline is not None:
        sentences.append(
            f"One job after the other under 1F1B takes {_time(front, baseline.period)} with "
            f"{_amount(front, baseline.level)}"
        )
        same = [row for row in found if (row.needed or 0) <= baseline.level]
        if same:
            sentences[-1] += f"; all together, no more memory allows {_period(front, same[-1])}"
    return ". ".join(sentences) + "."


def _ends(front: MemoryFront, found: list[MemoryRow]) -> str:
    first, last = found[0], found[-1]
    works = "the least that works, " if first is front.rows[0] else ""
    with_least = f"With {_amount(front, first.needed or 0)} free on each device, {works}"
    least = f"{with_least}the period is {_period(front, first)}"
    if first.period == last.period:
        return f"{least}, and more memory buys nothing"
    return f"{least}; {_amount(front, last.needed or 0)} are as good as no limit: {_period(front, last)}"


def _period(front: MemoryFront, row: MemoryRow) -> str:
    assert row.period is not None
    assert row.bubble_rate is not None
    return f"{_time(front, row.period)} (bubble rate {percent(row.bubble_rate)}, {_proof(row)})"


def _proof(row: MemoryRow) -> str:
    if row.status == "optimal":
        return "proven optimal"
    return "no lower bound" if row.gap is None else f"at most {percent(row.gap)} above the optimum"


def _amount(front: MemoryFront, level: int) -> str:
    return memory_scale(front).format(level)


def _time(front: MemoryFront, ticks: int) -> str:
    return TimeScale.fitting(front.instance.time_unit, ticks).format(ticks)
