"""Charts as files, whatever their format."""

from collections.abc import Sequence
from pathlib import Path

from gapweave.models.schedule import Schedule
from gapweave.reports.colours import ThemeName
from gapweave.reports.gantt import draw_gantt
from gapweave.reports.html_gantt import draw_html
from gapweave.reports.pictures import PICTURES
from gapweave.reports.suffixes import suffix_of


def draw(
    schedules: Schedule | Sequence[Schedule],
    path: str | Path,
    titles: Sequence[str] | None = None,
    *,
    memory: bool = False,
    theme: ThemeName | None = None,
) -> None:
    """Draw one or several schedules on one time axis; the suffix chooses the format.

    ``.html`` is an interactive page (see `draw_html`), which always has the memory of the devices; ``.svg``,
    ``.png`` and ``.pdf`` are pictures (see `draw_gantt`), light unless told otherwise.

    Raises
    ------
    InvalidOption
        The suffix is none of these, the titles are not as many as the schedules, or time units differ.
    MissingExtra
        The format's library is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    if suffix_of(path, (".html", *PICTURES)) == ".html":
        draw_html(schedules, path, titles, theme=theme)
    else:
        draw_gantt(schedules, path, titles, memory=memory, theme=theme or "light")
