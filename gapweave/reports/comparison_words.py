"""What a comparison says, in words."""

from gapweave.reports.comparison_period_words import period_in_words
from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.compare import Comparison
from gapweave.solver.period_rows import PeriodRow
from gapweave.solver.rows import Row

_SEQUENTIAL = "sequential"


def rank(row: Row) -> float:
    """Return what is less the better a row is: its makespan, or in steady state what is left of a gain."""
    if isinstance(row, PeriodRow) and row.gain is not None:
        return -row.gain
    return row.value or 0


def in_words(comparison: Comparison) -> str:
    """Return one line: what pairing buys on this instance, and what it costs in delay and memory."""
    if comparison.objective == "period":
        return period_in_words(comparison)
    rows = [row for row in comparison.rows if row.makespan is not None]
    if not rows:
        return "No method found a schedule."
    best = min(rows, key=rank)
    if len(comparison.instance.jobs) < 2:
        return f"The best schedule ends after {_time(best)} ({_name(best)}, {_proof(best)})."
    if best.gain is None:
        return f"The best schedule of all jobs ends after {_time(best)} ({_name(best)}, {_proof(best)})."
    return " ".join(filter(None, (_gain(best), _memory(best, rows), _without_delay(best, rows))))


def _gain(best: Row) -> str:
    assert best.makespan is not None
    assert best.gain is not None
    if best.gain <= 0:
        return "Pairing buys nothing here: no schedule is shorter than running the jobs one after the other."
    sequential = round(best.makespan * (1 + best.gain))
    return (
        f"Pairing buys {percent(best.gain)} more work per time: all jobs end after {_time(best)} "
        f"({_name(best)}, {_proof(best)}) instead of {_time(best, sequential)} one after the other."
    )


def _memory(best: Row, rows: list[Row]) -> str:
    """Say what the best schedule needs beside job after job, on the fullest device."""
    if not best.peak_memory or best.schedule is None:
        return ""
    scale = MemoryScale.fitting(best.schedule.instance.memory_unit, best.peak_memory)
    needed = f"It needs up to {scale.format(best.peak_memory)} on a device"
    apart = next((row.peak_memory for row in rows if row.method == _SEQUENTIAL), None)
    if not apart or best.gain is None or best.gain <= 0:
        return f"{needed}."
    if best.peak_memory == apart:
        return f"{needed}, no more than one after the other."
    more = "more" if best.peak_memory > apart else "less"
    change = percent(abs(best.peak_memory / apart - 1))
    return f"{needed}, {change} {more} than the {scale.format(apart)} of one after the other."


def _without_delay(best: Row, rows: list[Row]) -> str:
    """Say what the primary pays, and what is left of the gain if it pays nothing."""
    if best.primary_delay is None or best.primary_delay <= 0:
        return "The primary job is not delayed." if best.primary_delay is not None else ""
    delay = f"The primary job ends {percent(best.primary_delay)} later than alone"
    undelayed = [row for row in rows if row.primary_delay is not None and row.primary_delay <= 0]
    kept = max(undelayed, key=lambda row: row.gain or 0.0, default=None)
    if kept is None or not kept.gain or kept.gain <= 0:
        return f"{delay}."
    return f"{delay}; without any delay {_name(kept)} still gains {percent(kept.gain)}."


def _time(row: Row, ticks: int | None = None) -> str:
    assert row.makespan is not None
    assert row.schedule is not None
    scale = TimeScale.fitting(row.schedule.instance.time_unit, row.makespan)
    return scale.format(row.makespan if ticks is None else ticks)


def _name(row: Row) -> str:
    placement = "" if row.placement == "given" else f", {row.placement} placement"
    return f"{row.method} in {row.mode} mode{placement}"


def _proof(row: Row) -> str:
    if row.status == "optimal":
        return "proven optimal"
    return "no lower bound" if row.gap is None else f"at most {percent(row.gap)} above the optimum"
