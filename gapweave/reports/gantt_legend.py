"""The legend of a Gantt chart: for each job one swatch per kind, laid out in lines like text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.patches import Rectangle

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import KIND_NAMES, kinds_of
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.colours import FOOT, Theme
from gapweave.reports.gantt_sheet import Sheet
from gapweave.reports.gantt_steps import FOOT_SHARE
from gapweave.reports.gantt_style import LABEL_SIZE, Look, idle_look, look, text_width
from gapweave.reports.job_names import job_labels, occurring
from gapweave.reports.step_spans import has_steps

LINE_PITCH = 15.0
_SWATCH_WIDTH, _SWATCH_HEIGHT = 13.0, 9.0
_AFTER_SWATCHES, _BETWEEN_ITEMS = 4.0, 16.0


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


def legend_lines(
    schedules: Sequence[Schedule], width: float, theme: Theme, *, memory: bool
) -> list[list[LegendItem]]:
    """Break the legend into lines of at most ``width`` points."""
    lines: list[list[LegendItem]] = [[]]
    taken = 0.0
    for item in _items(schedules, theme, memory=memory):
        if lines[-1] and taken + item.width > width:
            lines.append([])
            taken = 0.0
        lines[-1].append(item)
        taken += item.width + _BETWEEN_ITEMS
    return lines


def draw_legend(sheet: Sheet, lines: list[list[LegendItem]], top: float) -> None:
    """Draw lines downwards from ``top``."""
    for number, line in enumerate(lines):
        x, middle = sheet.left, top + (number + 0.5) * LINE_PITCH
        for item in line:
            _draw_item(sheet, item, x, middle)
            x += item.width + _BETWEEN_ITEMS


def _items(schedules: Sequence[Schedule], theme: Theme, *, memory: bool) -> Iterator[LegendItem]:
    found = occurring(schedules)
    for index, label in enumerate(job_labels(schedules)):
        swatches = tuple((kind, look(theme, job, kind)) for job, kind in found if job == index)
        yield LegendItem(label, swatches)
    yield LegendItem("idle", (("", idle_look(theme)),))
    yield from _step_items(schedules, theme)
    if memory and any(any(schedule.instance.resident_memory) for schedule in schedules):
        yield LegendItem("resident memory", (("", Look(theme.resident, theme.paper, theme.ink)),))
    kinds = dict.fromkeys(kind for schedule in schedules for kind in kinds_of(schedule))
    yield LegendItem(",  ".join(f"{kind} {name}" for kind, name in KIND_NAMES.items() if kind in kinds))
    if memory and any(_has_capacity(schedule) for schedule in schedules):
        yield LegendItem("dashed, across: memory capacity")


def _step_items(schedules: Sequence[Schedule], theme: Theme) -> Iterator[LegendItem]:
    """Yield what tells steps apart, and what a torn edge means."""
    if any(map(has_steps, schedules)):
        swatch = Look(theme.shade(0, "B"), theme.paper, FOOT, foot=FOOT)
        yield LegendItem("every other step", (("", swatch),))
    if any(ChartWindow.of(schedule).is_torn for schedule in schedules):
        yield LegendItem("torn: begins before or goes on after")


def _has_capacity(schedule: Schedule) -> bool:
    return any(device.memory_capacity is not None for device in schedule.instance.devices)


def _draw_swatch(sheet: Sheet, box: Look, left: float, middle: float) -> None:
    style: dict[str, Any] = {"edgecolor": box.edge, "hatch": box.hatch, "linewidth": 0.5}
    corner = (left, middle - _SWATCH_HEIGHT / 2)
    size = (_SWATCH_WIDTH, _SWATCH_HEIGHT)
    swatch = Rectangle(corner, *size, facecolor=box.fill, transform=sheet.points, **style)
    sheet.figure.add_artist(swatch)
    if box.foot is not None:
        height = FOOT_SHARE * _SWATCH_HEIGHT
        corner = (left, middle + _SWATCH_HEIGHT / 2 - height)
        foot = Rectangle(corner, _SWATCH_WIDTH, height, facecolor=box.foot, transform=sheet.points)
        sheet.figure.add_artist(foot)


def _draw_item(sheet: Sheet, item: LegendItem, x: float, middle: float) -> None:
    for index, (letter, box) in enumerate(item.swatches):
        left = x + index * _SWATCH_WIDTH
        _draw_swatch(sheet, box, left, middle)
        # A circle of paper keeps a letter legible on hatching.
        backing = {"boxstyle": "circle,pad=0.1", "facecolor": sheet.theme.paper, "edgecolor": "none"}
        style: dict[str, Any] = {"bbox": backing} if box.hatch and letter else {}
        centre = left + _SWATCH_WIDTH / 2
        sheet.text(centre, middle, letter, color=box.ink, size=6, ha="center", va="center_baseline", **style)
    left = x + item.label_offset
    sheet.text(left, middle, item.label, color=sheet.theme.ink, size=LABEL_SIZE, va="center_baseline")
