"""Charts as files, whatever their format."""

from collections.abc import Sequence
from pathlib import Path

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.colours import ThemeName
from gapweave.reports.gantt import PICTURES, draw_gantt
from gapweave.reports.html_gantt import draw_html


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
    suffix = Path(path).suffix.lower()
    if suffix == ".html":
        draw_html(schedules, path, titles, theme=theme)
    elif suffix in PICTURES:
        draw_gantt(schedules, path, titles, memory=memory, theme=theme or "light")
    else:
        expected = ", ".join((".html", *PICTURES))
        raise InvalidOption(f"{path}: expected a name that ends in one of {expected}")
