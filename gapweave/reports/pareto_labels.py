"""Where labels of points go, so that none covers another or a point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from gapweave.reports.gantt_style import text_width

#: Distance of a label from its point, in points.
_AWAY = 6.0
_LINE = 1.3
_SIZE_OF_POINT = 8.0


@dataclass(frozen=True)
class Label:
    """A text beside a point; ``offset`` in points from it to the text's lower corner on the side of it."""

    text: str
    point: tuple[float, float]
    offset: tuple[float, float]
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
    axes: Axes, at: Sequence[tuple[float, float]], texts: Sequence[str], size: float
) -> list[Label]:
    """Put each label where it covers least of the others and of the points, right above if it can.

    Parameters
    ----------
    at
        The points, in data coordinates of the axes, whose limits are final.
    size
        Of the font.
    """
    to_points = axes.transData.transform
    scale = 72.0 / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    centres = [tuple(float(value) * scale for value in to_points(point)) for point in at]
    frame = axes.get_window_extent()
    edges = (frame.x0 * scale, frame.x1 * scale)
    half = _SIZE_OF_POINT / 2
    taken = [_Box(x - half, y - half, _SIZE_OF_POINT, _SIZE_OF_POINT) for x, y in centres]
    labels = []
    for text, point, (x, y) in zip(texts, at, centres, strict=True):
        lines = text.split("\n")
        width = max(text_width(line, size) for line in lines)
        height = len(lines) * size * _LINE
        options = [(label, _box(label, x, y, width, height)) for label in _options(text, point, height)]
        label, box = min(options, key=lambda option: _cost(option[1], taken, edges))
        labels.append(label)
        taken.append(box)
    return labels


def _options(text: str, point: tuple[float, float], height: float) -> Iterator[Label]:
    """Yield places from the best to the worst: right above, right below, the same on the left, farther up."""
    below = -_AWAY - height
    sides: tuple[tuple[Literal["left", "right"], float], ...] = (("left", _AWAY), ("right", -_AWAY))
    for align, across in sides:
        for up in (_AWAY - 2, below + 2):
            yield Label(text, point, (across, up), align)
    for lines in (1, 2, 3):
        yield Label(text, point, (_AWAY, _AWAY + lines * height), "left")


def _box(label: Label, x: float, y: float, width: float, height: float) -> _Box:
    left = x + label.offset[0] - (width if label.align == "right" else 0.0)
    return _Box(left, y + label.offset[1], width, height)


def _cost(box: _Box, taken: Sequence[_Box], edges: tuple[float, float]) -> float:
    """Return the area of what a box covers, and of what is beyond the chart's left and right edge."""
    beyond = max(0.0, edges[0] - box.left) + max(0.0, box.left + box.width - edges[1])
    return sum(box.overlap(other) for other in taken) + beyond * box.height
