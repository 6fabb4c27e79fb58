"""Draws a Gantt chart as a matplotlib figure, without pyplot and its global state."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.transforms import Affine2D

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import printable, quality, value_name
from gapweave.reports.colours import INK, QUIET_INK
from gapweave.reports.gantt_boxes import BoxGroup, group_boxes, rectangles
from gapweave.reports.gantt_layout import GanttLayout
from gapweave.reports.gantt_legend import LINE_PITCH, draw_legend, legend_lines
from gapweave.reports.gantt_style import IDLE, LABEL_SIZE, Look, look, text_width
from gapweave.reports.time_scale import TimeScale, grouped, percent

_MARGIN, _RIGHT_MARGIN = 8.0, 18.0
_TITLE_SIZE, _TITLE_LINE, _SUBTITLE_LINE = 11.0, 17.0, 16.0
_MARKER_LINE = 12.0
_TIME_AXIS = 38.0
_TICK_PITCH = 55.0
_BETWEEN_NAME_AND_ROW = 5.0
_LONGEST_NAME = 24
_SMALLEST_NUMBER, _LARGEST_NUMBER = 4.5, 7.0
_POINTS_PER_INCH = 72.0


class GanttChart:
    """One figure under construction; sizes are in points, the chart's own coordinates ticks and rows."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.layout = layout = GanttLayout.of(schedule)
        self.scale = TimeScale.fitting(schedule.instance.time_unit, layout.end)
        self.names = [printable(device.name, _LONGEST_NAME) for device in schedule.instance.devices]
        self.markers = self._markers()
        longest = max(text_width(name, layout.label_size) for name in self.names)
        self.left = _MARGIN + longest + _BETWEEN_NAME_AND_ROW
        self.legend = legend_lines(schedule, layout.width)
        self.bottom = _MARGIN + len(self.legend) * LINE_PITCH + _TIME_AXIS
        self.top = self.bottom + layout.height
        self.header = self.top + _MARKER_LINE * len(self.markers) + _MARGIN
        self.page = (self.left + layout.width + _RIGHT_MARGIN, self.header + _TITLE_LINE + _SUBTITLE_LINE)
        width, height = self.page
        self.figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH), facecolor="white")
        self.points = Affine2D().scale(1 / _POINTS_PER_INCH) + self.figure.dpi_scale_trans
        self.axes = self.figure.add_axes(
            (self.left / width, self.bottom / height, layout.width / width, layout.height / height)
        )

    def draw(self, title: str) -> Figure:
        """Put every part in its place, from back to front."""
        self._set_up_axes()
        self._draw_idle()
        for group in group_boxes(self.schedule):
            self._draw_boxes(group)
            self._draw_numbers(group)
        self._draw_markers()
        self._draw_titles(title)
        legend_top = self.bottom - _TIME_AXIS
        draw_legend(self.figure, self.legend, self.left, legend_top, self.points)
        return self.figure

    def _set_up_axes(self) -> None:
        """Label devices, the first on top, and time."""
        layout, axes = self.layout, self.axes
        axes.set_xlim(layout.origin, layout.end)
        axes.set_ylim(layout.devices - 0.5, -0.5)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set(color=QUIET_INK, linewidth=0.6)
        rows = range(0, layout.devices, layout.label_every)
        axes.set_yticks(rows, [self.names[row] for row in rows], parse_math=False)
        pad, size = _BETWEEN_NAME_AND_ROW, layout.label_size
        axes.tick_params("y", length=0, pad=pad, labelsize=size, labelcolor=INK)
        marks = self.scale.marks(layout.end, int(layout.width / _TICK_PITCH))
        axes.set_xticks([mark * self.scale.ticks for mark in marks], [grouped(mark) for mark in marks])
        axes.tick_params("x", length=3, width=0.6, color=QUIET_INK, labelsize=LABEL_SIZE, labelcolor=INK)
        axes.set_xlabel(f"time ({self.scale.unit})", size=LABEL_SIZE, color=INK)

    def _draw_idle(self) -> None:
        """Lay a quiet band behind every row, so that idle intervals are what no task covers."""
        rows = np.arange(self.layout.devices, dtype=np.float64)
        left, right = np.full_like(rows, self.layout.origin), np.full_like(rows, self.layout.end)
        half = self.layout.box_height / 2
        self._add(rectangles(left, right, rows - half, rows + half), IDLE, 0.0, "idle")

    def _draw_boxes(self, group: BoxGroup) -> None:
        box = look(group.job, group.kind)
        edge = min(0.5, 0.08 * self.layout.points(group.narrowest))
        self._add(group.outline(self.layout.box_height), box, edge, f"job-{group.job}-{group.kind}")

    def _draw_numbers(self, group: BoxGroup) -> None:
        """Write microbatch numbers into a group's boxes if the longest number fits into the narrowest box."""
        numbers = [row for row in group.rows if row.microbatch is not None]
        longest = max((len(str(row.microbatch)) for row in numbers), default=0)
        if not longest:
            return
        room = self.layout.points(group.narrowest) - 1.5
        size = min(_LARGEST_NUMBER, self.layout.row_pitch * 0.6, room / text_width("0" * longest, 1.0))
        if size < _SMALLEST_NUMBER:
            return
        ink = look(group.job, group.kind).ink
        for row in numbers:
            self.axes.text(
                (row.start + row.end) / 2,
                row.device,
                str(row.microbatch),
                size=size,
                color=ink,
                ha="center",
                va="center_baseline",
            )

    def _add(self, outline: Outline, box: Look, edge: float, name: str) -> None:
        patch = PathPatch(
            outline, facecolor=box.fill, edgecolor=box.edge, hatch=box.hatch, linewidth=edge, gid=name
        )
        self.axes.add_artist(patch)

    def _markers(self) -> list[tuple[int, str, str]]:
        """Return position, text and line style of each marked time, from the bottom label to the top one."""
        schedule = self.schedule
        name, value = value_name(schedule), self.scale.format(schedule.value)
        if schedule.lower_bound is None or schedule.gap is None:
            return [(schedule.value, f"{name} {value}", "-")]
        if schedule.value == schedule.lower_bound:
            return [(schedule.value, f"{name} = lower bound = {value}", "-")]
        return [
            (schedule.lower_bound, f"lower bound {self.scale.format(schedule.lower_bound)}", "--"),
            (schedule.value, f"{name} {value}, gap {percent(schedule.gap)}", "-"),
        ]

    def _draw_markers(self) -> None:
        layout = self.layout
        for level, (time, text, style) in enumerate(self.markers, start=1):
            top = -0.5 - level * _MARKER_LINE / layout.row_pitch
            self.axes.plot(
                [time, time],
                [layout.devices - 0.5, top],
                linestyle=style,
                color=INK,
                linewidth=0.9,
                clip_on=False,
            )
            fits_left = layout.points(time - layout.origin) > text_width(text, LABEL_SIZE) + 4
            self.axes.annotate(
                text,
                (time, top),
                xytext=(-4 if fits_left else 4, -_MARKER_LINE / 2),
                textcoords="offset points",
                annotation_clip=False,
                ha="right" if fits_left else "left",
                va="center_baseline",
                size=LABEL_SIZE,
                color=INK,
            )

    def _draw_titles(self, title: str) -> None:
        text: dict[str, Any] = {"transform": self.points, "parse_math": False, "va": "baseline"}
        self.figure.text(
            self.left, self.header + _SUBTITLE_LINE, title, size=_TITLE_SIZE, weight="bold", color=INK, **text
        )
        subtitle = f"objective {self.schedule.objective} · {quality(self.schedule)}"
        self.figure.text(self.left, self.header + 2, subtitle, size=LABEL_SIZE, color=QUIET_INK, **text)
