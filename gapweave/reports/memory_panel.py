"""Draws the memory of every device over time, below a Gantt chart: an area per job, and the capacity."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import markers
from gapweave.reports.colours import Theme
from gapweave.reports.gantt_layout import ChartWidth, Rows
from gapweave.reports.gantt_rows import device_names, draw_marker, label_rows, label_time
from gapweave.reports.gantt_sheet import Sheet
from gapweave.reports.gantt_style import LABEL_SIZE, text_width
from gapweave.reports.memory_layers import MemoryChart, MemoryLayer, steps

_HEADING = 20.0
_SHORTEST_PITCH, _SHARE_OF_PITCH = 7.5, 0.85
_ROW_SHARE = 0.84
_BEFORE_PEAK = 4.0
_PEAK = "peak"


class MemoryPanel:
    """A row per device, filled up to its memory level; the row's height stands for ``memory.full``."""

    def __init__(
        self, schedule: Schedule, memory: MemoryChart, width: ChartWidth, rows: Rows, id_prefix: str
    ) -> None:
        self.schedule = schedule
        self.memory = memory
        self.width = width
        pitch = min(rows.pitch, max(_SHORTEST_PITCH, rows.pitch * _SHARE_OF_PITCH))
        self.rows = Rows(rows.count, pitch)
        self.id_prefix = id_prefix

    @property
    def height(self) -> float:
        """In points, without the labels of the time axis."""
        return _HEADING + self.rows.height

    @property
    def peak_width(self) -> float:
        """Room that the peaks need right of the rows, in points."""
        return _BEFORE_PEAK + max(text_width(text, LABEL_SIZE) for text in [*self.memory.peak_texts, _PEAK])

    def draw(self, sheet: Sheet, top: float, *, is_last: bool) -> None:
        """Draw areas from the whole down to resident memory, then capacities, peaks and marked times."""
        axes = sheet.axes(top + _HEADING, self.rows.count, self.rows.pitch)
        label_rows(axes, device_names(self.schedule), self.rows, sheet.theme)
        label_time(axes, self.width, sheet.theme, is_last=is_last)
        self._draw_bands(axes, sheet.theme)
        for layer in reversed(self.memory.layers):
            self._draw_layer(axes, layer, sheet.theme)
        self._draw_capacities(axes, sheet.theme)
        self._write_peaks(axes, sheet.theme)
        for marker in markers(self.schedule, self.width.axis.scale):
            draw_marker(axes, marker, -0.5, self.rows.count - 0.5, sheet.theme)
        caption = f"memory of each device, a full row is {self.memory.scale.format(self.memory.full)}"
        self._write_heading(sheet, sheet.left, top, caption)
        self._write_heading(sheet, sheet.left + self.width.points + _BEFORE_PEAK, top, _PEAK)

    def _write_heading(self, sheet: Sheet, x: float, top: float, text: str) -> None:
        style = {"size": LABEL_SIZE, "color": sheet.theme.quiet_ink, "va": "baseline"}
        sheet.text(x, top + _HEADING - 6, text, **style)

    def _draw_bands(self, axes: Axes, theme: Theme) -> None:
        origin = self.width.axis.origin
        corners = [
            self._area(row, [(origin, self.memory.full), (self.memory.end, self.memory.full)])
            for row in range(self.rows.count)
        ]
        self._add(axes, corners, theme.idle_tint, "memory-rows")

    def _draw_layer(self, axes: Axes, layer: MemoryLayer, theme: Theme) -> None:
        areas = [
            self._area(row, steps(profile, self.memory.end)) for row, profile in enumerate(layer.profiles)
        ]
        colour = theme.resident if layer.job is None else theme.shade(layer.job, "B")
        self._add(axes, areas, colour, "memory-resident" if layer.job is None else f"memory-{layer.job}")

    def _draw_capacities(self, axes: Axes, theme: Theme) -> None:
        lines = np.array(list(self._capacity_lines()))
        if len(lines):
            codes = np.tile(np.array([Outline.MOVETO, Outline.LINETO], dtype=np.uint8), len(lines))
            outline = Outline(lines.reshape(-1, 2), codes)
            axes.add_artist(
                PathPatch(
                    outline, fill=False, edgecolor=theme.quiet_ink, linewidth=0.4, linestyle=(0, (5, 4))
                )
            )

    def _capacity_lines(self) -> Iterator[list[tuple[float, float]]]:
        for row, capacity in enumerate(self.memory.capacities):
            if capacity is not None:
                y = self._height(row, capacity)
                yield [(self.width.axis.origin, y), (self.memory.end, y)]

    def _write_peaks(self, axes: Axes, theme: Theme) -> None:
        for row in range(0, self.rows.count, self.rows.label_every):
            axes.annotate(
                self.memory.peak_texts[row],
                (1, row),
                xycoords=("axes fraction", "data"),
                xytext=(_BEFORE_PEAK, 0),
                textcoords="offset points",
                annotation_clip=False,
                va="center_baseline",
                size=self.rows.label_size,
                color=theme.ink,
            )

    def _height(self, row: int, level: int) -> float:
        """Return the row coordinate of a level; rows grow downwards."""
        return row + _ROW_SHARE / 2 - _ROW_SHARE * level / self.memory.full

    def _area(self, row: int, corners: list[tuple[int, int]]) -> npt.NDArray[np.float64]:
        """Return the polygon between the row's floor and a staircase, shape (corners, 2)."""
        floor = row + _ROW_SHARE / 2
        points = [(time, self._height(row, level)) for time, level in corners]
        closed = [(corners[0][0], floor), *points, (corners[-1][0], floor), (corners[0][0], floor)]
        return np.array(closed, dtype=np.float64)

    def _add(self, axes: Axes, areas: list[npt.NDArray[np.float64]], colour: str, name: str) -> None:
        outline = Outline.make_compound_path(*(Outline(area, closed=True) for area in areas))
        axes.add_artist(PathPatch(outline, facecolor=colour, linewidth=0, gid=self.id_prefix + name))
