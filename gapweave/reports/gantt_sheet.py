"""The page that a chart is drawn on: a matplotlib figure, without pyplot and its global state."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from gapweave.reports.colours import Theme
from gapweave.reports.gantt_layout import ChartWidth

_POINTS_PER_INCH = 72.0


class Sheet:
    """A page measured in points from its top left corner; x of the charts begins at ``left``."""

    def __init__(self, width: ChartWidth, left: float, right: float, height: float, theme: Theme) -> None:
        self.width = width
        self.left = left
        self.theme = theme
        self._page = (left + width.points + right, height)
        inches = [side / _POINTS_PER_INCH for side in self._page]
        self.figure = Figure(figsize=(inches[0], inches[1]), facecolor=theme.paper)
        #: Maps points from the top left corner to the canvas.
        self.points = (
            Affine2D().scale(1 / _POINTS_PER_INCH, -1 / _POINTS_PER_INCH).translate(0, inches[1])
            + self.figure.dpi_scale_trans
        )

    def axes(self, top: float, rows: int, pitch: float) -> Axes:
        """Return axes of time across and rows down, with a thin line below and nothing on it yet."""
        page_width, page_height = self._page
        height = rows * pitch
        axes = self.figure.add_axes(
            (
                self.left / page_width,
                1 - (top + height) / page_height,
                self.width.points / page_width,
                height / page_height,
            ),
            facecolor="none",
        )
        axes.set_xlim(self.width.axis.origin, self.width.axis.end)
        axes.set_ylim(rows - 0.5, -0.5)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set(color=self.theme.quiet_ink, linewidth=0.6)
        return axes

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Write a text as it is, never as markup."""
        self.figure.text(x, y, text, transform=self.points, parse_math=False, **style)
