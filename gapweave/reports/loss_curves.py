"""Losses of all jobs as files: a table, a picture of the curves, or a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import write_bytes
from gapweave.reports.captions import printable
from gapweave.reports.colours import DARK, LIGHT, THEMES, Theme, ThemeName, curve_colours
from gapweave.reports.html_page import html_page
from gapweave.reports.losses_file import LossCurve, losses_csv
from gapweave.reports.pictures import PICTURES, render
from gapweave.reports.row_table import Cell, RowTable
from gapweave.reports.suffixes import suffix_of
from gapweave.reports.table_files import table_html
from gapweave.reports.themed_svg import themed_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The suffixes of all files.
SUFFIXES = (".csv", ".html", *PICTURES)
_LONGEST_NAME = 40


def write_losses(
    path: str | Path,
    curves: Sequence[LossCurve],
    *,
    title: str = "Loss of each job",
    theme: ThemeName | None = None,
) -> None:
    """Write the losses of a run; the suffix chooses how.

    ``.csv`` has one row per job and training step; ``.svg``, ``.png`` and ``.pdf`` are pictures of the
    curves; ``.html`` is a page with the picture and a table of first and last losses.

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
    suffix = suffix_of(path, SUFFIXES)
    if suffix == ".csv":
        data = losses_csv(curves).encode()
    elif suffix == ".html":
        data = _page(curves, title, theme).encode()
    else:
        data = _picture(curves, title, suffix, THEMES[theme or "light"])
    write_bytes(path, data)


def _picture(curves: Sequence[LossCurve], title: str, suffix: str, theme: Theme) -> bytes:
    def figure() -> "Figure":
        from gapweave.reports.loss_chart import loss_figure

        return loss_figure(curves, title, theme)

    return render(figure, suffix, title)


def _page(curves: Sequence[LossCurve], title: str, theme: ThemeName | None) -> str:
    colours = [
        pair
        for job in range(len(curves))
        for pair in zip(curve_colours(LIGHT, job), curve_colours(DARK, job), strict=True)
    ]
    picture = themed_svg(_picture(curves, "", ".svg", LIGHT), colours)
    return html_page(
        title, [], [], body=f"<figure>{picture}</figure>\n{table_html(_table(curves))}", theme=theme
    )


def _table(curves: Sequence[LossCurve]) -> RowTable:
    columns = ("job", "steps", "first loss", "last loss", "lowest loss")
    rows = tuple(
        (
            Cell(printable(curve.job, _LONGEST_NAME)),
            Cell(f"{len(curve.losses):,}"),
            *(Cell(f"{loss:.4f}") for loss in (curve.losses[0], curve.losses[-1], min(curve.losses))),
        )
        for curve in curves
        if curve.losses
    )
    return RowTable(columns, rows, (None,) * len(rows), 1)
