"""Comparisons as files: a page with charts, a table for spreadsheets, a table for documents."""

import csv
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

from gapweave.models.atomic_write import write_text
from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.comparison_html import comparison_html
from gapweave.reports.comparison_table import Cell, ComparisonTable
from gapweave.reports.comparison_words import in_words
from gapweave.reports.html_page import html_page
from gapweave.solver.compare import Comparison
from gapweave.solver.rows import Row

#: A page draws this many of the best schedules, and fewer if they have more tasks than these.
_MOST_CHARTS, _MOST_TASKS = 8, 40_000


def write_comparison(comparison: Comparison, path: str | Path) -> None:
    """Write a comparison; the suffix chooses how.

    ``.html`` is one self-contained page: the result in words, the table with the best values marked, and the
    best schedules as an interactive chart. ``.csv`` has the keys and values of `Comparison.to_document`, one
    line per row. ``.md`` has the words and the table.

    Raises
    ------
    InvalidOption
        The suffix is none of these.
    MissingExtra
        The page needs plotly, which is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    writers: dict[str, Callable[[Comparison], str]] = {
        ".html": comparison_page,
        ".csv": comparison_csv,
        ".md": comparison_markdown,
    }
    suffix = Path(path).suffix.lower()
    if suffix not in writers:
        raise InvalidOption(f"{path}: expected a name that ends in one of {', '.join(writers)}")
    write_text(path, writers[suffix](comparison))


def comparison_page(comparison: Comparison) -> str:
    """Return the page, with the best schedules from the shortest to the longest."""
    shown = _best_rows(comparison.rows)
    total = sum(row.schedule is not None for row in comparison.rows)
    body = comparison_html(comparison)
    if not shown:
        return html_page(f"Comparison on {comparison.instance.name}", [], [], body=body)
    which = "The schedules" if len(shown) == total else f"The {len(shown)} best of {total} schedules"
    schedules = [_with_row_bound(row) for row in shown]
    titles = [_title(row) for row in shown]
    body += f'<h2>{which}</h2>\n<p class="note">On one time axis, the shortest on top.</p>\n'
    return html_page(f"Comparison on {comparison.instance.name}", schedules, titles, body=body)


def comparison_csv(comparison: Comparison) -> str:
    """Return one line per row below the names of its keys; what a row lacks is empty."""
    documents = [row.to_document() for row in comparison.rows]
    names = list(dict.fromkeys(name for document in documents for name in document))
    stream = StringIO()
    table = csv.DictWriter(stream, names, lineterminator="\n")
    table.writeheader()
    table.writerows(documents)
    return stream.getvalue()


def comparison_markdown(comparison: Comparison) -> str:
    """Return the words and a table in Markdown, with the best values in bold and reasons below it."""
    table = ComparisonTable.of(comparison)
    align = [":--" if index < table.text_columns else "--:" for index in range(len(table.columns))]
    lines = [
        in_words(comparison),
        "",
        _line(table.columns),
        _line(align),
        *(_line([_markdown(cell) for cell in cells]) for cells in table.rows),
    ]
    reasons = [f"- {row.method} ({row.mode}): {row.reason}" for row in comparison.rows if row.reason]
    return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"


def _best_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the rows to draw: the shortest schedules, at least one, as many as a page can hold."""
    chosen: list[Row] = []
    tasks = 0
    for row in sorted(rows, key=lambda row: row.makespan or 0):
        if row.schedule is None:
            continue
        tasks += len(row.schedule.tasks)
        if len(chosen) == _MOST_CHARTS or (chosen and tasks > _MOST_TASKS):
            break
        chosen.append(row)
    return chosen


def _with_row_bound(row: Row) -> Schedule:
    """Return a row's schedule with the best bound of the whole comparison, which the table shows too."""
    assert row.schedule is not None
    return row.schedule.model_copy(update={"lower_bound": row.lower_bound, "status": row.status})


def _title(row: Row) -> str:
    placement = "" if row.placement == "given" else f", {row.placement} placement"
    return f"{row.method}, {row.mode}{placement}"


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _markdown(cell: Cell) -> str:
    text = cell.text.replace("|", "\\|")
    return f"**{text}**" if cell.is_best else text
