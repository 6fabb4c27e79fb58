"""What a trade-off says, in words."""

from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.pareto import ParetoFront, ParetoRow
from gapweave.solver.rows import Row


def pareto_words(front: ParetoFront) -> str:
    """Return in a few sentences what all jobs gain from the primary's patience."""
    sentences = [_alone(front), *(_row(front, row) for row in _turning_points(front))]
    return " ".join(sentences)


def _alone(front: ParetoFront) -> str:
    alone = front.primary
    proof = _proof(alone.status, alone.gap)
    return f"Alone, the primary ends after {_time(front, alone.makespan)} ({proof})."


def _turning_points(front: ParetoFront) -> list[ParetoRow]:
    """Return the rows that are better than the ones before."""
    better: list[ParetoRow] = []
    for row in front.rows:
        if row.makespan is not None and (not better or row.makespan < (better[-1].makespan or 0)):
            better.append(row)
    return better


def _row(front: ParetoFront, row: ParetoRow) -> str:
    assert row.makespan is not None
    time = f"after {_time(front, row.makespan)} ({_proof(row.status, row.gap)})"
    return f"{_condition(row)}, all jobs end {time}{_gain(row)}."


def _condition(row: ParetoRow) -> str:
    if row.mode == "fill":
        return "If it runs exactly so"
    if row.slack == 0:
        return "If its tasks may move but it ends no later"
    delay = percent(row.primary_delay or 0.0)
    if row.slack is None:
        return f"Without a limit, at a slowdown of {delay}"
    return f"With a slack of {percent(row.slack)}, at a slowdown of {delay}"


def _gain(row: Row) -> str:
    if row.gain is None:
        return ""
    if row.gain <= 0:
        return ", no sooner than one after the other"
    return f": {percent(row.gain)} more work per time than one after the other"


def _proof(status: str, gap: float | None) -> str:
    if status == "optimal":
        return "proven optimal"
    return "no lower bound" if gap is None else f"at most {percent(gap)} above the optimum"


def _time(front: ParetoFront, ticks: int) -> str:
    return TimeScale.fitting(front.instance.time_unit, ticks).format(ticks)
