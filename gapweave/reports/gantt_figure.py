"""Lays out a figure: one or several schedules above each other on one time axis, and a legend."""

from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from gapweave.models.schedule import Schedule
from gapweave.reports.colours import Theme
from gapweave.reports.gantt_layout import ChartWidth, Rows
from gapweave.reports.gantt_legend import LINE_PITCH, draw_legend, legend_lines
from gapweave.reports.gantt_panel import GanttPanel
from gapweave.reports.gantt_rows import BETWEEN_NAME_AND_ROW, label_width
from gapweave.reports.gantt_sheet import Sheet
from gapweave.reports.gantt_steps import lane_names
from gapweave.reports.gantt_style import LABEL_SIZE, text_width
from gapweave.reports.memory_layers import MemoryChart
from gapweave.reports.memory_panel import MemoryPanel

_MARGIN, _RIGHT_MARGIN = 8.0, 18.0
_TIME_AXIS = 38.0
_BETWEEN_SCHEDULES, _ABOVE_MEMORY = 14.0, 4.0


def gantt_figure(
    schedules: Sequence[Schedule], titles: Sequence[str], *, memory: bool, theme: Theme
) -> Figure:
    """Draw all schedules; ``memory``: with a memory panel below each whose instance has memory amounts."""
    width = ChartWidth.of(schedules)
    panels = list(_panels(schedules, titles, width, memory))
    left = _MARGIN + max(_label_width(one) for one in panels) + BETWEEN_NAME_AND_ROW
    right = max(
        [_RIGHT_MARGIN, *(one.peak_width + _MARGIN for one in panels if isinstance(one, MemoryPanel))]
    )
    legend = legend_lines(schedules, width.points, theme, memory=memory)
    tops = list(_tops(panels))
    bottom = tops[-1] + panels[-1].height + _TIME_AXIS
    sheet = Sheet(width, left, right, bottom + len(legend) * LINE_PITCH + _MARGIN, theme)
    for panel, top in zip(panels, tops, strict=True):
        panel.draw(sheet, top, is_last=panel is panels[-1])
    draw_legend(sheet, legend, bottom)
    return sheet.figure


def _panels(
    schedules: Sequence[Schedule], titles: Sequence[str], width: ChartWidth, memory: bool
) -> Iterator[GanttPanel | MemoryPanel]:
    for number, (schedule, title) in enumerate(zip(schedules, titles, strict=True)):
        prefix = f"schedule-{number}-" if len(schedules) > 1 else ""
        rows = Rows.fitting(len(schedule.instance.devices), len(schedules))
        yield GanttPanel(schedule, title, width, rows, prefix)
        levels = MemoryChart.of(schedule) if memory else None
        if levels is not None:
            yield MemoryPanel(schedule, levels, width, rows, prefix)


def _tops(panels: Sequence[GanttPanel | MemoryPanel]) -> Iterator[float]:
    top = _MARGIN
    for number, panel in enumerate(panels):
        if number:
            top += _ABOVE_MEMORY if isinstance(panel, MemoryPanel) else _BETWEEN_SCHEDULES
        yield top
        top += panel.height


def _label_width(panel: GanttPanel | MemoryPanel) -> float:
    names = (text_width(name, LABEL_SIZE) for name in lane_names(panel.schedule))
    return max(label_width(panel.schedule, panel.rows), *names, 0.0)
