"""The legend of a Gantt chart: for each job one swatch per kind, laid out in lines like text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Transform

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import KIND_NAMES, kinds_of, printable
from gapweave.reports.colours import INK, PAPER
from gapweave.reports.gantt_style import IDLE, LABEL_SIZE, Look, look, text_width

LINE_PITCH = 15.0
_SWATCH_WIDTH, _SWATCH_HEIGHT = 13.0, 9.0
_AFTER_SWATCHES, _BETWEEN_ITEMS = 4.0, 16.0
_LONGEST_NAME = 28
#: Keeps a letter legible on hatching.
_LETTER_BACKING = {"boxstyle": "circle,pad=0.1", "facecolor": PAPER, "edgecolor": "none"}


@dataclass(frozen=True)
class LegendItem:
    """Swatches, each with a letter, and what they mean."""

    label: str
    swatches: tuple[tuple[str, Look], ...] = ()

    @property
    def label_offset(self) -> float:
        """Where the label starts, in points from the item's left."""
        return len(self.swatches) * _SWATCH_WIDTH + _AFTER_SWATCHES if self.swatches else 0.0

    @property
    def width(self) -> float:
        """In points."""
        return self.label_offset + text_width(self.label, LABEL_SIZE)


def legend_lines(schedule: Schedule, width: float) -> list[list[LegendItem]]:
    """Break the legend into lines of at most ``width`` points."""
    lines: list[list[LegendItem]] = [[]]
    taken = 0.0
    for item in _items(schedule):
        if lines[-1] and taken + item.width > width:
            lines.append([])
            taken = 0.0
        lines[-1].append(item)
        taken += item.width + _BETWEEN_ITEMS
    return lines


def draw_legend(
    figure: Figure, lines: list[list[LegendItem]], left: float, top: float, points: Transform
) -> None:
    """Draw lines downwards from (left, top); ``points`` maps points on the page to the canvas."""
    for number, line in enumerate(lines):
        x, middle = left, top - (number + 0.5) * LINE_PITCH
        for item in line:
            _draw_item(figure, item, x, middle, points)
            x += item.width + _BETWEEN_ITEMS


def _items(schedule: Schedule) -> Iterator[LegendItem]:
    kinds = kinds_of(schedule)
    occurring = {(row.job, row.kind) for row in schedule.tasks}
    for index, job in enumerate(schedule.instance.jobs):
        swatches = tuple((kind, look(index, kind)) for kind in kinds if (index, kind) in occurring)
        yield LegendItem(printable(job.name, _LONGEST_NAME), swatches)
    yield LegendItem("idle", (("", IDLE),))
    yield LegendItem(",  ".join(f"{kind} {KIND_NAMES[kind]}" for kind in kinds))


def _draw_item(figure: Figure, item: LegendItem, x: float, middle: float, points: Transform) -> None:
    text: dict[str, Any] = {"transform": points, "parse_math": False, "va": "center_baseline"}
    for index, (letter, box) in enumerate(item.swatches):
        left = x + index * _SWATCH_WIDTH
        swatch = Rectangle(
            (left, middle - _SWATCH_HEIGHT / 2),
            _SWATCH_WIDTH,
            _SWATCH_HEIGHT,
            facecolor=box.fill,
            edgecolor=box.edge,
            hatch=box.hatch,
            linewidth=0.5,
            transform=points,
        )
        figure.add_artist(swatch)
        backing = _LETTER_BACKING if box.hatch else None
        centre = left + _SWATCH_WIDTH / 2
        figure.text(centre, middle, letter, color=box.ink, size=6, ha="center", bbox=backing, **text)
    figure.text(x + item.label_offset, middle, item.label, color=INK, size=LABEL_SIZE, **text)
