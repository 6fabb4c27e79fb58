"""What charts of trade-offs have around their axes: title, what the axes mean, and a legend."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gapweave.reports.captions import printable
from gapweave.reports.colours import Theme
from gapweave.reports.gantt_style import LABEL_SIZE

POINTS_PER_INCH = 72.0
_TITLE_SIZE, _LONGEST_TITLE = 11.0, 70
#: Base lines of title and words below the upper edge, and the legend's lower edge, in points.
_TITLE_LINE, _WORDS_LINE, _LEGEND_LINE = 19.0, 34.0, 8.0


def draw_title(figure: Figure, left: float, name: str, words: str, theme: Theme) -> None:
    """Write a title and one line below it, ``left`` points from the edge."""
    width, height = figure.get_size_inches() * POINTS_PER_INCH
    title: dict[str, Any] = {"size": _TITLE_SIZE, "weight": "bold", "color": theme.ink}
    below: dict[str, Any] = {"size": LABEL_SIZE, "color": theme.quiet_ink}
    lines = ((_TITLE_LINE, printable(name, _LONGEST_TITLE), title), (_WORDS_LINE, words, below))
    for y, text, style in lines:
        figure.text(left / width, 1 - y / height, text, va="baseline", parse_math=False, **style)


def draw_legend(figure: Figure, axes: Axes, left: float, columns: int, theme: Theme) -> None:
    """Explain what was drawn last first, ``left`` points from the edge."""
    width, height = figure.get_size_inches() * POINTS_PER_INCH
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles[::-1],
        labels[::-1],
        loc="lower left",
        bbox_to_anchor=(left / width, _LEGEND_LINE / height),
        ncols=columns,
        frameon=False,
        fontsize=LABEL_SIZE,
        labelcolor=theme.ink,
        borderpad=0,
        borderaxespad=0,
    )
