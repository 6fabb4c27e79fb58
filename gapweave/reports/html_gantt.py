"""Interactive Gantt charts as one HTML file, which needs neither network nor server."""

from collections.abc import Sequence
from pathlib import Path

from gapweave.models.atomic_write import write_text
from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import chart_titles
from gapweave.reports.colours import ThemeName
from gapweave.reports.html_page import html_page


def draw_html(
    schedules: Schedule | Sequence[Schedule],
    path: str | Path,
    titles: Sequence[str] | None = None,
    *,
    theme: ThemeName | None = None,
) -> None:
    """Draw schedules above each other on one time axis, each with the memory of its devices below.

    The page zooms and pans, tells about the task under the pointer, and hides jobs and kinds by a click in
    the legend. It holds plotly (about 5 MB) and loads nothing.

    Parameters
    ----------
    schedules
        One or several; of an objective with a period, two periods of steady state are drawn.
    path
        Where to; its suffix is .html.
    titles
        One per schedule. Default: the instance's name, and of several schedules also who made each.
    theme
        ``light`` or ``dark``; None: as the reader's system is set. The page has a button for it.

    Raises
    ------
    InvalidOption
        The suffix is another, the titles are not as many as the schedules, or time units differ.
    MissingExtra
        plotly is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    if Path(path).suffix.lower() != ".html":
        raise InvalidOption(f"{path}: expected a name that ends in .html")
    drawn = [schedules] if isinstance(schedules, Schedule) else list(schedules)
    texts = chart_titles(drawn, titles)
    if len(drawn) == 1:
        heading, texts = texts[0], [""]
    else:
        heading = " and ".join(dict.fromkeys(schedule.instance.name for schedule in drawn))
    write_text(path, html_page(heading, drawn, texts, theme=theme))
