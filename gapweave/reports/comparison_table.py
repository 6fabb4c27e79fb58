"""A comparison as a table of texts, in which the best values are marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.time_scale import TimeScale, percent
from gapweave.solver.compare import Comparison
from gapweave.solver.rows import Row

Number: TypeAlias = int | float


@dataclass(frozen=True)
class Column:
    """One measure of all rows.

    Attributes
    ----------
    value
        What is measured; None if the row has no schedule.
    text
        How a value is written.
    best
        Which values are marked; None: none.
    """

    name: str
    value: Callable[[Row], Number | None]
    text: Callable[[Number], str]
    best: Literal["lowest", "highest"] | None = None


@dataclass(frozen=True)
class Cell:
    """One entry of the table."""

    text: str
    is_best: bool = False


@dataclass(frozen=True)
class ComparisonTable:
    """Names of the columns, and for each row of the comparison one cell per column.

    Attributes
    ----------
    text_columns
        How many columns, from the left, hold words; the others hold numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    text_columns: int

    @classmethod
    def of(cls, comparison: Comparison) -> "ComparisonTable":
        """Write out a comparison; times and memory in units that suit their sizes."""
        words = _word_columns(comparison.rows)
        measures = _measures(comparison)
        best = [_best(column, comparison.rows) for column in measures]
        rows = tuple(
            (
                *(Cell(value(row)) for _, value in words),
                *(_cell(column, row, mark) for column, mark in zip(measures, best, strict=True)),
            )
            for row in comparison.rows
        )
        names = (*(name for name, _ in words), *(column.name for column in measures))
        return cls(names, rows, len(words))


def _word_columns(rows: Sequence[Row]) -> list[tuple[str, Callable[[Row], str]]]:
    """Return the columns of words; the placement only where it says something."""
    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("method", lambda row: row.method),
        ("mode", lambda row: row.mode),
        ("placement", lambda row: row.placement),
        ("status", lambda row: row.status.replace("-", " ")),
    ]
    if all(row.placement == "given" for row in rows):
        del columns[2]
    return columns


def _measures(comparison: Comparison) -> list[Column]:
    rows, instance = comparison.rows, comparison.instance
    time = TimeScale.fitting(instance.time_unit, max((row.makespan or 0 for row in rows), default=0))
    largest = max((row.peak_memory or 0 for row in rows), default=0)
    memory = MemoryScale.fitting(instance.memory_unit, largest)
    return [
        Column("makespan", lambda row: row.makespan, lambda value: time.format(int(value)), "lowest"),
        Column("gap", lambda row: row.gap, percent, "lowest"),
        Column("bubble rate", lambda row: row.bubble_rate, percent, "lowest"),
        Column("stage-span rate", lambda row: row.stage_span_bubble_rate, percent, "lowest"),
        Column("primary delay", lambda row: row.primary_delay, _signed, "lowest"),
        Column("gain", lambda row: row.gain, _signed, "highest"),
        Column("peak memory", lambda row: row.peak_memory, lambda value: memory.format(int(value)), "lowest"),
        Column("seconds", lambda row: row.seconds, lambda value: f"{value:.2f}"),
    ]


def _best(column: Column, rows: Sequence[Row]) -> Number | None:
    """Return the value to mark: the best one, unless all are equal."""
    values = {value for row in rows if (value := column.value(row)) is not None}
    if column.best is None or len(values) < 2:
        return None
    return min(values) if column.best == "lowest" else max(values)


def _cell(column: Column, row: Row, mark: Number | None) -> Cell:
    value = column.value(row)
    return Cell("") if value is None else Cell(column.text(value), value == mark)


def _signed(share: float) -> str:
    return ("+" if share > 0 else "") + percent(share)
