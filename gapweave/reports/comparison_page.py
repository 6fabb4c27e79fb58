"""Comparisons as files: a page with charts, a table for spreadsheets, a table for documents."""

from collections.abc import Sequence
from pathlib import Path

from gapweave.models.atomic_write import write_text
from gapweave.models.schedule import Schedule
from gapweave.reports.colours import ThemeName
from gapweave.reports.comparison_html import comparison_html
from gapweave.reports.comparison_table import comparison_table
from gapweave.reports.comparison_words import in_words, rank
from gapweave.reports.html_page import html_page
from gapweave.reports.suffixes import suffix_of
from gapweave.reports.table_files import rows_csv, table_markdown
from gapweave.solver.compare import Comparison
from gapweave.solver.rows import Row

#: The suffixes of all files.
SUFFIXES = (".html", ".csv", ".md")
#: A page draws this many of the best schedules, and fewer if they have more tasks than these.
_MOST_CHARTS, _MOST_TASKS = 8, 40_000


def write_comparison(comparison: Comparison, path: str | Path, *, theme: ThemeName | None = None) -> None:
    """Write a comparison; the suffix chooses how.

    ``.html`` is one self-contained page: the result in words, the table with the best values marked, and the
    best schedules as an interactive chart. ``.csv`` has the keys and values of `Comparison.to_document`, one
    line per row. ``.md`` has the words and the table.

    Parameters
    ----------
    theme
        Of a page; None: the reader's.

    Raises
    ------
    InvalidOption
        The suffix is none of these.
    MissingExtra
        The page needs plotly, which is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    suffix = suffix_of(path, SUFFIXES)
    if suffix == ".html":
        write_text(path, comparison_page(comparison, theme))
    else:
        write_text(path, comparison_csv(comparison) if suffix == ".csv" else comparison_markdown(comparison))


def comparison_page(comparison: Comparison, theme: ThemeName | None = None) -> str:
    """Return the page, with the best schedules, the best one first."""
    shown = _best_rows(comparison.rows)
    total = sum(row.schedule is not None for row in comparison.rows)
    body = comparison_html(comparison)
    if not shown:
        return html_page(f"Comparison on {comparison.instance.name}", [], [], body=body, theme=theme)
    which = "The schedules" if len(shown) == total else f"The {len(shown)} best of {total} schedules"
    schedules = [_with_row_bound(row) for row in shown]
    titles = [_title(row) for row in shown]
    body += f'<h2>{which}</h2>\n<p class="note">On one time axis, the best on top.</p>\n'
    return html_page(f"Comparison on {comparison.instance.name}", schedules, titles, body=body, theme=theme)


def comparison_csv(comparison: Comparison) -> str:
    """Return one line per row below the names of its keys; what a row lacks is empty."""
    return rows_csv(comparison.rows)


def comparison_markdown(comparison: Comparison) -> str:
    """Return the words and a table in Markdown, with the best values in bold and reasons below it."""
    lines = [in_words(comparison), "", *table_markdown(comparison_table(comparison))]
    reasons = [f"- {row.method} ({row.mode}): {row.reason}" for row in comparison.rows if row.reason]
    return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"


def _best_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the rows to draw: the best schedules, at least one, as many as a page can hold."""
    chosen: list[Row] = []
    tasks = 0
    for row in sorted(rows, key=rank):
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
