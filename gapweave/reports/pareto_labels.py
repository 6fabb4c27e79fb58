"""Where labels of points go, so that none covers another, a point or a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from matplotlib.axes import Axes

from gapweave.reports.gantt_style import text_width

#: In data coordinates of axes, or in points (1/72 inch) from the lower left corner of the picture.
Position: TypeAlias = tuple[float, float]

#: Distance of a label from its point, in points.
_AWAY = 6.0
_LINE = 1.3
_SIZE_OF_POINT, _WIDTH_OF_LINE = 8.0, 2.0


@dataclass(frozen=True)
class Label:
    """A text beside a point; ``offset`` in points from it to the text's lower corner on the side of it."""

    text: str
    point: Position
    offset: Position
    align: Literal["left", "right"]


@dataclass(frozen=True)
class _Box:
    """A rectangle in points; y grows upwards."""

    left: float
    bottom: float
    width: float
    height: float

    def overlap(self, other: "_Box") -> float:
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        up = min(self.bottom + self.height, other.bottom + other.height) - max(self.bottom, other.bottom)
        return max(across, 0.0) * max(up, 0.0)


def place_labels(
    axes: Axes, at: Sequence[Position], texts: Sequence[str], lines: Sequence[Sequence[Position]], size: float
) -> list[Label]:
    """Put each label where it covers least of the others, the points and lines, right above if it can.

    Parameters
    ----------
    at
        The points, in data coordinates of the axes, whose limits are final.
    lines
        Corners of lines that run along the axes.
    size
        Of the font.
    """
    centres = _in_points(axes, at)
    frame = axes.get_window_extent()
    scale = _points_per_pixel(axes)
    edges = (frame.x0 * scale, frame.x1 * scale)
    taken = [_around(centre, centre, _SIZE_OF_POINT) for centre in centres]
    taken += [_around(*ends, _WIDTH_OF_LINE) for line in lines for ends in pairwise(_in_points(axes, line))]
    labels = []
    for text, point, (x, y) in zip(texts, at, centres, strict=True):
        rows = text.split("\n")
        width = max(text_width(row, size) for row in rows)
        height = len(rows) * size * _LINE
        options = [(label, _box(label, x, y, width, height)) for label in _options(text, point, height)]
        label, box = min(options, key=lambda option: _cost(option[1], taken, edges))
        labels.append(label)
        taken.append(box)
    return labels


def _in_points(axes: Axes, positions: Sequence[Position]) -> list[Position]:
    scale = _points_per_pixel(axes)
    return [(float(x) * scale, float(y) * scale) for x, y in map(axes.transData.transform, positions)]


def _points_per_pixel(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    assert figure is not None
    return 72.0 / figure.dpi


def _around(one: Position, other: Position, size: float) -> _Box:
    """Return the box of what is drawn this thick from one place to another."""
    left, bottom = min(one[0], other[0]) - size / 2, min(one[1], other[1]) - size / 2
    return _Box(left, bottom, abs(one[0] - other[0]) + size, abs(one[1] - other[1]) + size)


def _options(text: str, point: Position, height: float) -> Iterator[Label]:
    """Yield places from the best to the worst: above, below, the same on the left, farther up."""
    near = _AWAY - 2
    for heights in ((near, -near - height), *((near + lines * height,) for lines in (1, 2, 3))):
        yield from (Label(text, point, (_AWAY, up), "left") for up in heights)
        yield from (Label(text, point, (-_AWAY, up), "right") for up in heights)


def _box(label: Label, x: float, y: float, width: float, height: float) -> _Box:
    left = x + label.offset[0] - (width if label.align == "right" else 0.0)
    return _Box(left, y + label.offset[1], width, height)


def _cost(box: _Box, taken: Sequence[_Box], edges: tuple[float, float]) -> float:
    """Return the area of what a box covers, and of what is beyond the chart's left and right edge."""
    beyond = max(0.0, edges[0] - box.left) + max(0.0, box.left + box.width - edges[1])
    return sum(box.overlap(other) for other in taken) + beyond * box.height
