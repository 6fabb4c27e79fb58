"""What a comparison in steady state says, in words."""

from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.compare import Comparison
from gapweave.solver.period_rows import IN_TURN, PeriodRow


def period_in_words(comparison: Comparison) -> str:
    """Return one line: what pairing buys in training that goes on, and what the primary pays for it."""
    rows = [row for row in comparison.rows if isinstance(row, PeriodRow) and row.period is not None]
    made = [row for row in rows if row.schedule is not None]
    if not made:
        return "No method found a schedule."
    if len(comparison.instance.jobs) < 2 or all(row.gain is None for row in made):
        best = min(made, key=lambda row: row.period or 0)
        return f"The best schedule repeats every {_time(best)} ({_name(best)}, {_proof(best)})."
    best = max(made, key=lambda row: row.gain or 0.0)
    return " ".join(filter(None, (_gain(best), _memory(best, rows), _without_delay(best, made))))


def _gain(best: PeriodRow) -> str:
    if not best.gain or best.gain <= 0:
        return (
            "Pairing buys nothing here: no schedule does more steps per time than training one job after the "
            "other, each at its best period alone."
        )
    return (
        f"Pairing buys {percent(best.gain)} more steps per time than training one job after the other, each "
        f"at its best period found alone: {_steps(best)} every {_time(best)} ({_name(best)}, "
        f"{_proof(best)}), with {_idle(best)}."
    )


def _idle(row: PeriodRow) -> str:
    if not row.bubble_rate:
        return "no device ever idle"
    return f"devices idle for {percent(row.bubble_rate)} of the time"


def _steps(row: PeriodRow) -> str:
    assert row.steps is not None
    if set(row.steps) == {1}:
        return "a step of each job"
    return f"{':'.join(map(str, row.steps))} steps"


def _memory(best: PeriodRow, rows: list[PeriodRow]) -> str:
    """Say what the best schedule needs beside job after job, on the fullest device."""
    apart = next((row.peak_memory for row in rows if row.method == IN_TURN), None)
    if not best.peak_memory or not apart or best.schedule is None:
        return ""
    scale = MemoryScale.fitting(best.schedule.instance.memory_unit, best.peak_memory)
    needed = f"It needs up to {scale.format(best.peak_memory)} on a device"
    if best.peak_memory == apart:
        return f"{needed}, no more than one after the other."
    more = "more" if best.peak_memory > apart else "less"
    change = percent(abs(best.peak_memory / apart - 1))
    return f"{needed}, {change} {more} than the {scale.format(apart)} of one after the other."


def _without_delay(best: PeriodRow, rows: list[PeriodRow]) -> str:
    """Say how much longer the primary's steps take, and what is left of the gain if they do not."""
    if best.primary_delay is None:
        return ""
    if best.primary_delay <= 0:
        return "The primary's steps take no longer than alone."
    slower = f"The primary's steps take {percent(best.primary_delay)} longer than alone"
    kept = [row for row in rows if row.primary_delay is not None and row.primary_delay <= 0]
    filled = max(kept, key=lambda row: row.gain or 0.0, default=None)
    if filled is None or not filled.gain or filled.gain <= 0:
        return f"{slower}."
    return f"{slower}; without that {_name(filled)} still gains {percent(filled.gain)}, by {_steps(filled)}."


def _time(row: PeriodRow) -> str:
    assert row.period is not None
    assert row.schedule is not None
    return TimeScale.fitting(row.schedule.instance.time_unit, row.period).format(row.period)


def _name(row: PeriodRow) -> str:
    placement = "" if row.placement == "given" else f", {row.placement} placement"
    return f"{row.method} in {row.mode} mode{placement}"


def _proof(row: PeriodRow) -> str:
    if row.mode == "fill":
        return "the primary as alone"
    if row.status == "optimal":
        return "proven optimal"
    return "no lower bound" if row.gap is None else f"at most {percent(row.gap)} above the optimum"
