"""Figures as image files: formats, their headers, and what to install if matplotlib is missing."""

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from gapweave.models.errors import MissingExtra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What each format's header says; no dates, so that equal contents give equal files.
_METADATA: dict[str, dict[str, Any]] = {
    ".svg": {"Creator": "gapweave", "Date": None},
    ".png": {"Software": "gapweave"},
    ".pdf": {"Creator": "gapweave", "Producer": "gapweave", "CreationDate": None},
}
#: The suffixes of pictures.
PICTURES = tuple(_METADATA)
_PIXELS_PER_INCH = 240


def render(make: "Callable[[], Figure]", suffix: str, title: str) -> bytes:
    """Return a figure as a file of one of the `PICTURES`.

    Parameters
    ----------
    make
        Draws the figure; it is the first to import matplotlib.
    title
        For the file's header.

    Raises
    ------
    MissingExtra
        matplotlib is not installed.
    """
    stream = BytesIO()
    try:
        from gapweave.reports.gantt_style import chart_settings

        with chart_settings():
            metadata = _METADATA[suffix] | {"Title": title}
            make().savefig(stream, format=suffix[1:], dpi=_PIXELS_PER_INCH, metadata=metadata)
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] != "matplotlib":
            raise
        raise MissingExtra("drawing charts", "plot") from exc
    return stream.getvalue()
