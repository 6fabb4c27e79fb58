"""Draws the loss of every job against its training steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from gapweave.reports.captions import printable
from gapweave.reports.colours import Theme, curve_colours
from gapweave.reports.gantt_style import LABEL_SIZE, text_width
from gapweave.reports.losses_file import LossCurve
from gapweave.reports.time_scale import grouped

_POINTS_PER_INCH = 72.0
#: Of the page and of the chart on it, in points from the top left corner.
_PAGE_WIDTH, _PAGE_HEIGHT = 540.0, 288.0
_LEFT, _TOP, _BOTTOM, _MARGIN = 44.0, 52.0, 250.0, 10.0
_TITLE_SIZE, _LONGEST_TITLE, _LONGEST_NAME = 11.0, 70, 24
_LABEL_PITCH, _BETWEEN, _DASH = 11.0, 6.0, 11.0
#: A mean is drawn over one in so many steps, if that is at least two.
_STEPS_PER_MEAN = 20


def loss_figure(curves: Sequence[LossCurve], title: str, theme: Theme) -> Figure:
    """Draw each job's losses in its hue: every step in the light shade, a running mean through it."""
    return _LossChart(curves, title, theme).draw()


def running_mean(losses: Sequence[float], window: int) -> npt.NDArray[np.float64]:
    """Return the mean of the ``window`` losses around each step, of fewer at both ends."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(losses, dtype=np.float64))])
    steps = np.arange(len(losses))
    begins = np.maximum(steps - window // 2, 0)
    ends = np.minimum(steps + (window + 1) // 2, len(losses))
    means: npt.NDArray[np.float64] = (sums[ends] - sums[begins]) / (ends - begins)
    return means


class _LossChart:
    def __init__(self, curves: Sequence[LossCurve], title: str, theme: Theme) -> None:
        self.curves = [(index, curve) for index, curve in enumerate(curves) if curve.losses]
        self.title = printable(title, _LONGEST_TITLE)
        self.theme = theme
        longest = max((len(curve.losses) for _, curve in self.curves), default=0)
        self.window = max(1, longest // _STEPS_PER_MEAN)
        self.means = {
            index: running_mean(curve.losses, min(self.window, len(curve.losses)))
            for index, curve in self.curves
        }
        self.labels = {
            index: f"{printable(curve.job, _LONGEST_NAME)} {self.means[index][-1]:.3f}"
            for index, curve in self.curves
        }
        room = max((text_width(label, LABEL_SIZE) for label in self.labels.values()), default=0.0)
        self.right = _PAGE_WIDTH - room - _DASH - _BETWEEN - _MARGIN
        inches = (_PAGE_WIDTH / _POINTS_PER_INCH, _PAGE_HEIGHT / _POINTS_PER_INCH)
        self.figure = Figure(figsize=inches, facecolor=theme.paper)

    def draw(self) -> Figure:
        """Put every part in its place, from back to front."""
        axes = self._axes()
        for index, curve in self.curves:
            style: dict[str, Any] = {"solid_joinstyle": "round", "gid": f"losses-{index}"}
            quiet, strong = curve_colours(self.theme, index)
            if self.window == 1:
                axes.plot(curve.steps, curve.losses, color=strong, linewidth=1.5, **style)
            else:
                axes.plot(curve.steps, curve.losses, color=quiet, linewidth=0.8, **style)
                axes.plot(curve.steps, self.means[index], color=strong, linewidth=1.6, gid=f"mean-{index}")
            # The end of a curve, and all of one with a single step.
            end = ([curve.steps[-1]], [self.means[index][-1]])
            axes.plot(*end, color=strong, marker="o", markersize=4, clip_on=False)
        self._draw_labels(axes)
        self._draw_texts()
        return self.figure

    def _axes(self) -> Axes:
        width, height = _PAGE_WIDTH, _PAGE_HEIGHT
        place = (_LEFT / width, 1 - _BOTTOM / height, (self.right - _LEFT) / width, (_BOTTOM - _TOP) / height)
        axes = self.figure.add_axes(place, facecolor="none")
        axes.set_xlim(*self._span([step for _, curve in self.curves for step in curve.steps], 0.0))
        axes.set_ylim(*self._span([loss for _, curve in self.curves for loss in curve.losses], 0.05))
        longest = max((len(curve.losses) for _, curve in self.curves), default=0)
        locator = MaxNLocator(8, integer=True) if longest > 1 else MultipleLocator(1)
        axes.xaxis.set_major_locator(locator)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: grouped(round(value, 9))))
        axes.grid(axis="y", color=self.theme.grid, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(colors=self.theme.ink, labelsize=LABEL_SIZE, width=0.6, length=3)
        axes.set_xlabel("training step", size=LABEL_SIZE, color=self.theme.quiet_ink)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for side in ("left", "bottom"):
            axes.spines[side].set(color=self.theme.quiet_ink, linewidth=0.6)
        return axes

    def _span(self, values: Sequence[float], margin: float) -> tuple[float, float]:
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = margin * (high - low) or (0.5 if low == high else 0.0)
        return low - room, high + room

    def _draw_labels(self, axes: Axes) -> None:
        """Write each job's name and last mean beside its end, after a dash of its hue."""
        style: dict[str, Any] = {"va": "center_baseline", "size": LABEL_SIZE, "annotation_clip": False}
        style |= {"xycoords": "figure fraction", "textcoords": "offset points", "parse_math": False}
        for index, place in self._label_places(axes).items():
            _, strong = curve_colours(self.theme, index)
            point = (self.right / _PAGE_WIDTH, 1 - place / _PAGE_HEIGHT)
            axes.annotate("\N{EM DASH}", point, xytext=(_BETWEEN, 0), color=strong, weight="bold", **style)
            offset = (_BETWEEN + _DASH, 0)
            axes.annotate(self.labels[index], point, xytext=offset, color=self.theme.ink, **style)

    def _label_places(self, axes: Axes) -> dict[int, float]:
        """Return how far from the top, in points, each label is: beside its curve, if that is free."""
        low, high = axes.get_ylim()
        places: dict[int, float] = {}
        free = -_LABEL_PITCH
        for index in sorted(self.means, key=lambda index: -self.means[index][-1]):
            share = (high - self.means[index][-1]) / (high - low)
            places[index] = max(_TOP + share * (_BOTTOM - _TOP), free)
            free = places[index] + _LABEL_PITCH
        taken = _BOTTOM
        for index in reversed(places):
            places[index] = min(places[index], taken)
            taken = places[index] - _LABEL_PITCH
        return places

    def _draw_texts(self) -> None:
        """Write title and subtitle."""
        words = "loss of each step"
        if self.window > 1:
            words += f" (faint), and mean over {self.window:,} steps"
        title: dict[str, Any] = {"size": _TITLE_SIZE, "weight": "bold", "color": self.theme.ink}
        below: dict[str, Any] = {"size": LABEL_SIZE, "color": self.theme.quiet_ink}
        for y, text, style in ((19.0, self.title, title), (34.0, words, below)):
            place = (_LEFT / _PAGE_WIDTH, 1 - y / _PAGE_HEIGHT)
            self.figure.text(*place, text, va="baseline", parse_math=False, **style)
