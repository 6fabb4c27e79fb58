"""Gantt charts as image files."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from gapweave.models.atomic_write import write_bytes
from gapweave.models.errors import InvalidOption, MissingExtra
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import chart_titles
from gapweave.reports.colours import THEMES, Theme, ThemeName

#: What each format's header says; no dates, so that equal schedules give equal files.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "gapweave", "Date": None},
    "png": {"Software": "gapweave"},
    "pdf": {"Creator": "gapweave", "Producer": "gapweave", "CreationDate": None},
}
#: The suffixes of pictures.
PICTURES = tuple(f".{name}" for name in _METADATA)
_PIXELS_PER_INCH = 240


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
        One, or several to draw above each other on one time axis. Of an objective with a period, the tasks
        of the first period are drawn.
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
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in _METADATA:
        raise InvalidOption(f"{path}: expected a name that ends in one of {', '.join(PICTURES)}")
    drawn = [schedules] if isinstance(schedules, Schedule) else list(schedules)
    write_bytes(path, _render(drawn, suffix, chart_titles(drawn, titles), memory, THEMES[theme]))


def _render(
    schedules: Sequence[Schedule], suffix: str, titles: Sequence[str], memory: bool, theme: Theme
) -> bytes:
    try:
        from gapweave.reports.gantt_figure import gantt_figure
        from gapweave.reports.gantt_style import chart_settings
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingExtra("drawing charts", "plot") from exc
    stream = BytesIO()
    metadata = _METADATA[suffix] | {"Title": titles[0]}
    with chart_settings():
        figure = gantt_figure(schedules, titles, memory=memory, theme=theme)
        figure.savefig(stream, format=suffix, dpi=_PIXELS_PER_INCH, metadata=metadata)
    return stream.getvalue()
