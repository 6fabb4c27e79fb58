"""Draws one schedule: its title, a row per device, microbatch numbers, steps, makespan and lower bound."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import marker_levels, markers, subtitle
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.gantt_boxes import BoxGroup, group_boxes, rectangles
from gapweave.reports.gantt_layout import ChartWidth, Rows
from gapweave.reports.gantt_rows import device_names, draw_marker, label_rows, label_time
from gapweave.reports.gantt_sheet import Sheet
from gapweave.reports.gantt_steps import draw_feet, draw_lanes, draw_torn_edges, lanes_height
from gapweave.reports.gantt_style import LABEL_SIZE, Look, idle_look, look, text_width

_TITLE_SIZE, _TITLE_LINE, _SUBTITLE_LINE = 11.0, 17.0, 16.0
_MARKER_LINE, _BELOW_SUBTITLE = 12.0, 8.0
_SMALLEST_NUMBER, _LARGEST_NUMBER = 4.5, 7.0


class GanttPanel:
    """One schedule's part of a page; ``id_prefix`` tells its shapes in an SVG from another panel's."""

    def __init__(self, schedule: Schedule, title: str, width: ChartWidth, rows: Rows, id_prefix: str) -> None:
        self.schedule = schedule
        self.title = title
        self.width = width
        self.rows = rows
        self.id_prefix = id_prefix
        self.window = ChartWindow.of(schedule)
        self.markers = markers(schedule, width.axis.scale)
        self.lanes = lanes_height(schedule)
        lines = _MARKER_LINE * (marker_levels(self.markers) - 0.5)
        self.heading = _TITLE_LINE + _SUBTITLE_LINE + _BELOW_SUBTITLE + lines + self.lanes

    @property
    def height(self) -> float:
        """In points, without the labels of the time axis."""
        return self.heading + self.rows.height

    def draw(self, sheet: Sheet, top: float, *, is_last: bool) -> None:
        """Put every part in its place, from back to front; ``is_last``: the time axis is labelled."""
        axes = sheet.axes(top + self.heading, self.rows.count, self.rows.pitch)
        label_rows(axes, device_names(self.schedule), self.rows, sheet.theme)
        label_time(axes, self.width, sheet.theme, is_last=is_last)
        self._draw_idle(axes, idle_look(sheet.theme))
        for group in group_boxes(self.window.cut):
            self._draw_boxes(axes, group, look(sheet.theme, group.job, group.kind))
            self._draw_numbers(axes, group, look(sheet.theme, group.job, group.kind).ink)
        draw_feet(axes, self.window.cut, self.rows, self.id_prefix)
        draw_torn_edges(axes, self.window, self.width, self.rows, sheet.theme, self.id_prefix)
        draw_lanes(axes, self.schedule, self.width, self.rows, sheet.theme, self.id_prefix)
        self._draw_markers(axes, sheet)
        self._draw_title(sheet, top)

    def _draw_idle(self, axes: Axes, band: Look) -> None:
        """Lay a quiet band behind every row, so that idle intervals are what no task covers."""
        rows = np.arange(self.rows.count, dtype=np.float64)
        left = np.full_like(rows, self.width.axis.origin)
        right = np.full_like(rows, self.window.end)
        half = self.rows.box_height / 2
        self._add(axes, rectangles(left, right, rows - half, rows + half), band, 0.0, "idle")

    def _draw_boxes(self, axes: Axes, group: BoxGroup, box: Look) -> None:
        edge = min(0.5, 0.08 * self.width.of_span(group.narrowest))
        name = f"job-{group.job}-{group.kind}"
        self._add(axes, group.outline(self.rows.box_height), box, edge, name)

    def _draw_numbers(self, axes: Axes, group: BoxGroup, ink: str) -> None:
        """Write microbatch numbers into a group's boxes if the longest number fits into the narrowest box."""
        numbers = [row for row in group.rows if row.microbatch is not None]
        longest = max((len(str(row.microbatch)) for row in numbers), default=0)
        if not longest:
            return
        room = self.width.of_span(group.narrowest) - 1.5
        size = min(_LARGEST_NUMBER, self.rows.pitch * 0.6, room / text_width("0" * longest, 1.0))
        if size < _SMALLEST_NUMBER:
            return
        style: dict[str, Any] = {"size": size, "color": ink, "ha": "center", "va": "center_baseline"}
        for row in numbers:
            axes.text((row.start + row.end) / 2, row.device, str(row.microbatch), **style)

    def _add(self, axes: Axes, outline: Outline, box: Look, edge: float, name: str) -> None:
        patch = PathPatch(
            outline,
            facecolor=box.fill,
            edgecolor=box.edge,
            hatch=box.hatch,
            linewidth=edge,
            gid=self.id_prefix + name,
        )
        axes.add_artist(patch)

    def _draw_markers(self, axes: Axes, sheet: Sheet) -> None:
        """Draw the marked times with their labels above the rows, the first label lowest."""
        for marker in self.markers:
            top = -0.5 - (self.lanes + marker.level * _MARKER_LINE) / self.rows.pitch
            draw_marker(axes, marker, top, self.rows.count - 0.5, sheet.theme)
            fits_left = self.width.position(marker.time) > text_width(marker.text, LABEL_SIZE) + 4
            axes.annotate(
                marker.text,
                (marker.time, top),
                xytext=(-4 if fits_left else 4, -_MARKER_LINE / 2),
                textcoords="offset points",
                annotation_clip=False,
                ha="right" if fits_left else "left",
                va="center_baseline",
                size=LABEL_SIZE,
                color=sheet.theme.ink,
            )

    def _draw_title(self, sheet: Sheet, top: float) -> None:
        theme = sheet.theme
        baseline = top + _TITLE_LINE - 4
        sheet.text(
            sheet.left, baseline, self.title, size=_TITLE_SIZE, weight="bold", color=theme.ink, va="baseline"
        )
        words = subtitle(self.schedule)
        below = baseline + _SUBTITLE_LINE - 2
        sheet.text(sheet.left, below, words, size=LABEL_SIZE, color=theme.quiet_ink, va="baseline")
