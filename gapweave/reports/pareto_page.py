"""Trade-offs as files: a page with charts, a picture, a table for spreadsheets, a table for documents."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import write_bytes
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import printable
from gapweave.reports.colours import DARK, LIGHT, THEMES, Theme, ThemeName
from gapweave.reports.html_page import html_page
from gapweave.reports.pareto_points import slack_name
from gapweave.reports.pareto_table import pareto_table
from gapweave.reports.pareto_words import pareto_words
from gapweave.reports.pictures import PICTURES, render
from gapweave.reports.suffixes import suffix_of
from gapweave.reports.table_files import rows_csv, table_html, table_markdown
from gapweave.reports.themed_svg import themed_svg
from gapweave.solver.pareto import ParetoFront

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The suffixes of all files.
SUFFIXES = (".html", ".csv", ".md", *PICTURES)
#: A page draws schedules with no more tasks than these together.
_MOST_TASKS = 40_000
_LONGEST_TITLE = 80


def write_pareto(front: ParetoFront, path: str | Path, *, theme: ThemeName | None = None) -> None:
    """Write a trade-off; the suffix chooses how.

    ``.html`` is one self-contained page: words, the chart, the table, and the schedules as an interactive
    chart. ``.svg``, ``.png`` and ``.pdf`` are the chart of makespan against slowdown. ``.csv`` has the keys
    and values of the rows in `ParetoFront.to_document`; ``.md`` has the words and the table.

    Parameters
    ----------
    theme
        Of a page (None: the reader's) or of a picture (None: light).

    Raises
    ------
    InvalidOption
        The suffix is none of these.
    MissingExtra
        The format's library is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    write_bytes(path, _content(front, suffix_of(path, SUFFIXES), theme))


def pareto_html(front: ParetoFront) -> str:
    """Return words and table as HTML."""
    return f'<p class="lead">{escape(pareto_words(front))}</p>\n{table_html(pareto_table(front))}'


def _content(front: ParetoFront, suffix: str, theme: ThemeName | None) -> bytes:
    if suffix in PICTURES:
        return _picture(front, suffix, THEMES[theme or "light"])
    if suffix == ".csv":
        return rows_csv(front.rows).encode()
    return (_page(front, theme) if suffix == ".html" else _markdown(front)).encode()


def _picture(front: ParetoFront, suffix: str, theme: Theme) -> bytes:
    def figure() -> "Figure":
        from gapweave.reports.pareto_chart import pareto_figure

        return pareto_figure(front, theme)

    return render(figure, suffix, printable(front.instance.name, _LONGEST_TITLE))


def _markdown(front: ParetoFront) -> str:
    lines = [pareto_words(front), "", *table_markdown(pareto_table(front))]
    reasons = [f"- {slack_name(row)} ({row.mode}): {row.reason}" for row in front.rows if row.reason]
    return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"


def _page(front: ParetoFront, theme: ThemeName | None) -> str:
    title = f"Makespan against the primary's slowdown on {front.instance.name}"
    body = f"{pareto_html(front)}<figure>{_inline_picture(front)}</figure>\n"
    schedules = _distinct_schedules(front)
    if schedules:
        body += '<h2>The schedules</h2>\n<p class="note">On one time axis, the tightest on top.</p>\n'
    return html_page(title, list(schedules.values()), list(schedules), body=body, theme=theme)


def _inline_picture(front: ParetoFront) -> str:
    """Return the chart as SVG for a page, in colours that follow the page's theme."""
    return themed_svg(_picture(front, ".svg", LIGHT), [(LIGHT.shade(0, "B"), DARK.shade(0, "B"))])


def _distinct_schedules(front: ParetoFront) -> dict[str, Schedule]:
    """Return by title the schedules to draw, each once, as many as a page can hold."""
    chosen: dict[str, Schedule] = {}
    tasks = 0
    for row in front.rows:
        if row.schedule is None or any(row.schedule.tasks == one.tasks for one in chosen.values()):
            continue
        tasks += len(row.schedule.tasks)
        if chosen and tasks > _MOST_TASKS:
            break
        chosen[f"slack: {slack_name(row)}"] = row.schedule
    return chosen
