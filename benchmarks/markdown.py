"""Tables in Markdown."""

from collections.abc import Sequence

#: Stands in a cell that has no value.
NOTHING = "—"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table: the first column is text, the others are set flush right."""
    alignment = ["---", *["---:"] * (len(columns) - 1)]
    return ["| " + " | ".join(cells) + " |" for cells in (columns, alignment, *rows)]


def seconds(value: float | None) -> str:
    """Return seconds with two figures after the point below 10, none above; a dash for never."""
    if value is None:
        return NOTHING
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def percent(value: float | None) -> str:
    """Return a share as a percentage with two decimals; a dash for none."""
    return NOTHING if value is None else f"{100 * value:.2f} %"


def ticks(value: int | None) -> str:
    """Return an integer with thousands separated; a dash for none."""
    return NOTHING if value is None else f"{value:,}"
