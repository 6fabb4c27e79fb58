"""Rows of a comparison as a table of texts, in which the best values are marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from gapweave.reports.time_scale import percent
from gapweave.solver.rows import Row

Number: TypeAlias = int | float
AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Words(Generic[AnyRow]):
    """A column of words, on the left of a table."""

    name: str
    text: Callable[[AnyRow], str]


@dataclass(frozen=True)
class Measure(Generic[AnyRow]):
    """A column of numbers.

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
    value: Callable[[AnyRow], Number | None]
    text: Callable[[Number], str]
    best: Literal["lowest", "highest"] | None = None


@dataclass(frozen=True)
class Cell:
    """One entry of the table."""

    text: str
    is_best: bool = False


@dataclass(frozen=True)
class RowTable:
    """Names of the columns, and for each row one cell per column, or why it has no schedule.

    Attributes
    ----------
    reasons
        One per row; None where there is a schedule.
    text_columns
        How many columns, from the left, hold words; the others hold numbers.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    reasons: tuple[str | None, ...]
    text_columns: int

    @classmethod
    def of(
        cls, rows: Sequence[AnyRow], words: Sequence[Words[AnyRow]], measures: Sequence[Measure[AnyRow]]
    ) -> "RowTable":
        """Write rows out."""
        best = [_best(measure, rows) for measure in measures]
        cells = tuple(
            (
                *(Cell(column.text(row)) for column in words),
                *(_cell(measure, row, mark) for measure, mark in zip(measures, best, strict=True)),
            )
            for row in rows
        )
        names = (*(column.name for column in words), *(measure.name for measure in measures))
        return cls(names, cells, tuple(row.reason for row in rows), len(words))


def signed(share: float) -> str:
    """Write a change in per cent, an increase with its sign."""
    return ("+" if share > 0 else "") + percent(share)


def _best(measure: Measure[AnyRow], rows: Sequence[AnyRow]) -> Number | None:
    """Return the value to mark: the best one, unless all are equal."""
    values = {value for row in rows if (value := measure.value(row)) is not None}
    if measure.best is None or len(values) < 2:
        return None
    return min(values) if measure.best == "lowest" else max(values)


def _cell(measure: Measure[AnyRow], row: AnyRow, mark: Number | None) -> Cell:
    value = measure.value(row)
    return Cell("") if value is None else Cell(measure.text(value), value == mark)
