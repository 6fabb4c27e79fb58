"""What the table of a comparison shows."""

from collections.abc import Sequence

from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.row_table import Measure, RowTable, Words, signed
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.compare import Comparison
from gapweave.solver.rows import Row


def comparison_table(comparison: Comparison) -> RowTable:
    """Write out a comparison; times and memory in units that suit their sizes."""
    return RowTable.of(comparison.rows, _words(comparison.rows), _measures(comparison))


def _words(rows: Sequence[Row]) -> list[Words[Row]]:
    """Return the columns of words; the placement only where it says something."""
    columns: list[Words[Row]] = [
        Words("method", lambda row: row.method),
        Words("mode", lambda row: row.mode),
        Words("placement", lambda row: row.placement),
        Words("status", lambda row: row.status.replace("-", " ")),
    ]
    if all(row.placement == "given" for row in rows):
        del columns[2]
    return columns


def _measures(comparison: Comparison) -> list[Measure[Row]]:
    rows, instance = comparison.rows, comparison.instance
    time = TimeScale.fitting(instance.time_unit, max((row.makespan or 0 for row in rows), default=0))
    largest = max((row.peak_memory or 0 for row in rows), default=0)
    memory = MemoryScale.fitting(instance.memory_unit, largest)
    return [
        Measure("makespan", lambda row: row.makespan, lambda value: time.format(int(value)), "lowest"),
        Measure("gap", lambda row: row.gap, percent, "lowest"),
        Measure("bubble rate", lambda row: row.bubble_rate, percent, "lowest"),
        Measure("stage-span rate", lambda row: row.stage_span_bubble_rate, percent, "lowest"),
        Measure("primary delay", lambda row: row.primary_delay, signed, "lowest"),
        Measure("gain", lambda row: row.gain, signed, "highest"),
        Measure(
            "peak memory", lambda row: row.peak_memory, lambda value: memory.format(int(value)), "lowest"
        ),
        Measure("seconds", lambda row: row.seconds, lambda value: f"{value:.2f}"),
    ]
