"""Gantt charts as image files."""

from io import BytesIO
from pathlib import Path
from typing import Any

from gapweave.models.atomic_write import write_bytes
from gapweave.models.errors import InvalidOption, MissingExtra
from gapweave.models.schedule import Schedule
from gapweave.reports.captions import printable

#: What each format's header says; no dates, so that equal schedules give equal files.
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Creator": "gapweave", "Date": None},
    "png": {"Software": "gapweave"},
    "pdf": {"Creator": "gapweave", "Producer": "gapweave", "CreationDate": None},
}
_PIXELS_PER_INCH = 240
_LONGEST_TITLE = 60


def draw_gantt(schedule: Schedule, path: str | Path, *, title: str | None = None) -> None:
    """Draw a schedule: a row per device, a hue per job, a shade per kind, idle intervals hatched.

    Parameters
    ----------
    schedule
        Of an objective with a period, the tasks of the first period are drawn.
    path
        Where to; its suffix (.svg, .png or .pdf) chooses the format.
    title
        Default: the instance's name.

    Raises
    ------
    InvalidOption
        The suffix is none of these.
    MissingExtra
        matplotlib is not installed.
    OutputError
        The file could not be written; what stood there before is intact.
    """
    suffix = Path(path).suffix.lower().removeprefix(".")
    if suffix not in _METADATA:
        expected = ", ".join(f".{name}" for name in _METADATA)
        raise InvalidOption(f"{path}: expected a name that ends in one of {expected}")
    heading = printable(schedule.instance.name if title is None else title, _LONGEST_TITLE)
    write_bytes(path, _render(schedule, suffix, heading))


def _render(schedule: Schedule, suffix: str, title: str) -> bytes:
    try:
        from gapweave.reports.gantt_figure import GanttChart
        from gapweave.reports.gantt_style import chart_settings
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingExtra("drawing charts", "plot") from exc
    stream = BytesIO()
    metadata = _METADATA[suffix] | {"Title": title}
    with chart_settings():
        figure = GanttChart(schedule).draw(title)
        figure.savefig(stream, format=suffix, dpi=_PIXELS_PER_INCH, metadata=metadata)
    return stream.getvalue()
