"""Writing results to standard output: text, tables, and one JSON object."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gapweave.models.errors import OutputError

if TYPE_CHECKING:
    from rich.table import Table

#: Columns that a table may take when nobody watches: rows in a pipe must not be wrapped.
_UNWATCHED_WIDTH = 500


def write(text: str) -> None:
    """Write one or more lines to standard output at once.

    Raises
    ------
    OutputError
        Standard output takes nothing more.
    """
    if sys.stdout is None:
        raise OutputError("standard output: is closed")
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except OSError as exc:
        raise OutputError(f"standard output: cannot be written: {exc.strerror}") from exc


def write_json(value: Mapping[str, Any]) -> None:
    """Write one JSON object, in ASCII so that no terminal's encoding can spoil it."""
    write(json.dumps(value, indent=1, allow_nan=False))


def write_fields(fields: Mapping[str, object]) -> None:
    """Write one ``label  value`` line per entry, the values in one column; None is left out."""
    width = max(map(len, fields)) + 2
    known = {label: value for label, value in fields.items() if value not in (None, "")}
    write("\n".join(f"{label:{width}}{printable(str(value))}" for label, value in known.items()))


def write_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    left: Sequence[str] = (),
    title: str | None = None,
) -> None:
    """Write a table; columns are aligned right except those named in ``left``, and None is left blank."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in left else "right", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else printable(str(cell)) for cell in row))
    write(_rendered(table))


def counted(number: int, noun: str) -> str:
    """Return for example ``1 job`` or ``2,304 tasks``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def is_terminal() -> bool:
    """Whether a person watches standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def wants_colour() -> bool:
    """Whether colours help: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def printable(text: str) -> str:
    """Return the text on one line, with everything that a terminal would obey or break on escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _rendered(table: "Table") -> str:
    from rich.console import Console

    console = Console(markup=False, highlight=False, width=None if is_terminal() else _UNWATCHED_WIDTH)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()).strip("\n")
