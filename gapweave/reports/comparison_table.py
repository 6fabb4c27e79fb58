"""What the table of a comparison shows."""

from collections.abc import Sequence

from gapweave.models.instance import Instance
from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.row_table import Measure, RowTable, Words, signed
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.compare import Comparison
from gapweave.solver.period_rows import PeriodRow
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
    if any(isinstance(row, PeriodRow) and set(row.steps or (1,)) != {1} for row in rows):
        columns.append(Words("steps", _steps))
    return columns


def _steps(row: Row) -> str:
    return ":".join(map(str, row.steps)) if isinstance(row, PeriodRow) and row.steps else ""


def _rates(rows: Sequence[Row], instance: Instance) -> list[Measure[Row]]:
    """Return a column of steps per time for every job."""
    unit = next((row.rate_unit for row in rows if isinstance(row, PeriodRow) and row.rates), "second")

    def rate(name: str) -> Measure[Row]:
        def value(row: Row) -> float | None:
            return row.rates[name] if isinstance(row, PeriodRow) and row.rates else None

        return Measure(f"{name}/{unit}", value, lambda number: f"{number:.4g}", "highest")

    return [rate(job.name) for job in instance.jobs]


def _measures(comparison: Comparison) -> list[Measure[Row]]:
    rows, instance = comparison.rows, comparison.instance
    time = TimeScale.fitting(instance.time_unit, max((row.value or 0 for row in rows), default=0))
    periodic = comparison.objective == "period"
    same_steps = len({_steps(row) for row in rows if row.value is not None}) <= 1
    largest = max((row.peak_memory or 0 for row in rows), default=0)
    memory = MemoryScale.fitting(instance.memory_unit, largest)
    return [
        Measure(
            comparison.objective,
            lambda row: row.value,
            lambda value: time.format(int(value)),
            "lowest" if same_steps else None,
        ),
        *(_rates(rows, instance) if periodic else ()),
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
