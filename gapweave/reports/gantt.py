"""Gantt charts as image files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import write_bytes
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import chart_titles
from gapweave.reports.colours import THEMES, Theme, ThemeName
from gapweave.reports.pictures import PICTURES, render
from gapweave.reports.suffixes import suffix_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_gantt(
    schedules: Schedule | Sequence[Schedule],
    path: str | Path,
    titles: Sequence[str] | None = None,
    *,
    memory: bool = False,
    theme: ThemeName = "light",
) -> None:
    """Draw schedules: a row per device, a hue per job, a shade per kind, idle intervals hatched.

    Parameters
    ----------
    schedules
        One, or several to draw above each other on one time axis. Of an objective with a period, two
        periods of steady state are drawn.
    path
        Where to; its suffix (.svg, .png or .pdf) chooses the format.
    titles
        One per schedule. Default: the instance's name, and of several schedules also who made each.
    memory
        Draw the memory of each device below, if the instance has amounts of memory.
    theme
        ``light`` or ``dark`` paper.

    Raises
    ------
    InvalidOption
        The suffix is none of these, the titles are not as many as the schedules, or time units differ.
    MissingExtra
        matplotlib is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    suffix = suffix_of(path, PICTURES)
    drawn = [schedules] if isinstance(schedules, Schedule) else list(schedules)
    named = chart_titles(drawn, titles)
    write_bytes(path, render(lambda: _figure(drawn, named, memory, THEMES[theme]), suffix, named[0]))


def _figure(schedules: Sequence[Schedule], titles: Sequence[str], memory: bool, theme: Theme) -> "Figure":
    from gapweave.reports.gantt_figure import gantt_figure

    return gantt_figure(schedules, titles, memory=memory, theme=theme)
