"""Trade-offs as files: a page with charts, a picture, a table for spreadsheets, a table for documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import write_bytes
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import printable
from gapweave.reports.colours import DARK, LIGHT, THEMES, Theme, ThemeName
from gapweave.reports.html_page import html_page
from gapweave.reports.pictures import PICTURES, render
from gapweave.reports.row_table import RowTable
from gapweave.reports.suffixes import suffix_of
from gapweave.reports.table_files import rows_csv, table_html, table_markdown
from gapweave.reports.themed_svg import themed_svg
from gapweave.solver.rows import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The suffixes of all files.
SUFFIXES = (".html", ".csv", ".md", *PICTURES)
#: A page draws schedules with no more tasks than these together.
_MOST_TASKS = 40_000
_LONGEST_TITLE = 80


@dataclass(frozen=True)
class TradeOff:
    """What files say of a trade-off.

    Attributes
    ----------
    name, title
        Of a picture, and of a page.
    allowance, names
        What is allowed, and how much of it each row allows, one per row.
    figure
        Draws the chart; it is the first to import matplotlib.
    shades
        Jobs and kinds whose colours the chart has.
    """

    name: str
    title: str
    words: str
    table: RowTable
    rows: Sequence[Row]
    allowance: str
    names: Sequence[str]
    figure: "Callable[[Theme], Figure]"
    shades: Sequence[tuple[int, str]] = ((0, "B"),)

    def html(self) -> str:
        """Return words and table as HTML."""
        return f'<p class="lead">{escape(self.words)}</p>\n{table_html(self.table)}'

    def write(self, path: str | Path, theme: ThemeName | None = None) -> None:
        """Write a file; the suffix chooses how.

        ``.html`` is one self-contained page: words, the chart, the table, and the schedules as an
        interactive chart. ``.svg``, ``.png`` and ``.pdf`` are the chart. ``.csv`` has the keys and values of
        the rows as JSON has them; ``.md`` has the words and the table.

        Raises
        ------
        InvalidOption
            The suffix is none of these.
        MissingExtra
            The format's library is not installed.
        OutputError
            The file could not be written; what stood there before is intact.
        """
        write_bytes(path, self._content(suffix_of(path, SUFFIXES), theme))

    def _content(self, suffix: str, theme: ThemeName | None) -> bytes:
        if suffix in PICTURES:
            return self._picture(suffix, THEMES[theme or "light"])
        if suffix == ".csv":
            return rows_csv(self.rows).encode()
        return (self._page(theme) if suffix == ".html" else self._markdown()).encode()

    def _picture(self, suffix: str, theme: Theme) -> bytes:
        return render(lambda: self.figure(theme), suffix, printable(self.name, _LONGEST_TITLE))

    def _markdown(self) -> str:
        lines = [self.words, "", *table_markdown(self.table)]
        reasons = [
            f"- {name} ({row.mode}): {row.reason}"
            for name, row in zip(self.names, self.rows, strict=True)
            if row.reason
        ]
        return "\n".join([*lines, *(["", *reasons] if reasons else [])]) + "\n"

    def _page(self, theme: ThemeName | None) -> str:
        body = f"{self.html()}<figure>{self._inline_picture()}</figure>\n"
        schedules = self._distinct_schedules()
        if schedules:
            body += '<h2>The schedules</h2>\n<p class="note">On one time axis, the tightest on top.</p>\n'
        return html_page(self.title, list(schedules.values()), list(schedules), body=body, theme=theme)

    def _inline_picture(self) -> str:
        """Return the chart as SVG for a page, in colours that follow the page's theme."""
        pairs = [(LIGHT.shade(*shade), DARK.shade(*shade)) for shade in self.shades]
        return themed_svg(self._picture(".svg", LIGHT), pairs)

    def _distinct_schedules(self) -> Mapping[str, Schedule]:
        """Return by title the schedules to draw, each once, as many as a page can hold."""
        chosen: dict[str, Schedule] = {}
        tasks = 0
        for name, row in zip(self.names, self.rows, strict=True):
            if row.schedule is None or any(row.schedule.tasks == one.tasks for one in chosen.values()):
                continue
            tasks += len(row.schedule.tasks)
            if chosen and tasks > _MOST_TASKS:
                break
            chosen[f"{self.allowance}: {name}"] = row.schedule
        return chosen
