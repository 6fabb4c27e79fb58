"""What the table of period against memory shows."""

from gapweave.reports.pareto_memory_points import capacity_name, memory_scale
from gapweave.reports.row_table import Measure, RowTable, Words
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.pareto_memory import MemoryFront, MemoryRow


def pareto_memory_table(front: MemoryFront) -> RowTable:
    """Write out a trade-off; times and memory in units that suit their sizes."""
    shortest = min((row.period for row in front.rows if row.period is not None), default=0)
    time, memory = TimeScale.fitting(front.instance.time_unit, shortest), memory_scale(front)
    words: list[Words[MemoryRow]] = [
        Words("free memory", lambda row: capacity_name(row, memory)),
        Words("status", lambda row: row.status),
    ]
    measures: list[Measure[MemoryRow]] = [
        Measure("needed", lambda row: row.needed, lambda value: memory.format(int(value))),
        Measure("period", lambda row: row.period, lambda value: time.format(int(value))),
        Measure("lower bound", lambda row: row.lower_bound, lambda value: time.format(int(value))),
        Measure("gap", lambda row: row.gap, percent),
        Measure("bubble rate", lambda row: row.bubble_rate, percent),
        Measure("seconds", lambda row: row.seconds, lambda value: f"{value:.2f}"),
    ]
    return RowTable.of(front.rows, words, measures)
