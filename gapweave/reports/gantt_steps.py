"""Tells the steps of a job apart: a line with a bar per step above the rows, a foot under every other one.

Where a chart cuts tasks, because what it shows goes on for ever, their edges are torn.
"""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask
from gapweave.reports.captions import printable
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.colours import FOOT, Theme, ink_on
from gapweave.reports.gantt_boxes import rectangles
from gapweave.reports.gantt_layout import ChartWidth, Rows
from gapweave.reports.gantt_style import text_width
from gapweave.reports.step_spans import StepSpan, is_marked, step_spans

LANE_PITCH = 13.0
BELOW_LANES = 3.0
FOOT_SHARE = 0.18
_LANE_HEIGHT = 11.0
_TEXT_SIZE = 7.0
_LONGEST_NAME = 24
_TOOTH, _TEETH = 3.0, 3


def lanes_height(schedule: Schedule) -> float:
    """Return how much room the lines of steps take above the rows, in points."""
    count = len(step_spans(schedule))
    return count * LANE_PITCH + BELOW_LANES if count else 0.0


def lane_names(schedule: Schedule) -> list[str]:
    """Return the names that stand beside the lines of steps."""
    jobs = schedule.instance.jobs[: len(step_spans(schedule))]
    return [printable(job.name, _LONGEST_NAME) for job in jobs]


def draw_lanes(
    axes: Axes, schedule: Schedule, width: ChartWidth, rows: Rows, theme: Theme, id_prefix: str
) -> None:
    """Draw a line of bars for each job above the rows, the first job on top."""
    lanes = step_spans(schedule)
    for job, (name, spans) in enumerate(zip(lane_names(schedule), lanes, strict=True)):
        above = BELOW_LANES + (len(lanes) - job - 0.5) * LANE_PITCH
        middle = -0.5 - above / rows.pitch
        for span in spans:
            _draw_span(axes, span, middle, width, rows, theme, id_prefix)
        axes.annotate(
            name,
            (width.axis.origin, middle),
            xytext=(-5, 0),
            textcoords="offset points",
            annotation_clip=False,
            ha="right",
            va="center_baseline",
            size=_TEXT_SIZE,
            color=theme.ink,
        )


def draw_feet(axes: Axes, tasks: Iterable[ScheduledTask], rows: Rows, id_prefix: str) -> None:
    """Put a foot under the boxes of every other step."""
    marked = [row for row in tasks if is_marked(row.step)]
    if marked:
        spans = np.array([(row.start, row.end) for row in marked], dtype=np.float64)
        floor = np.array([row.device + rows.box_height / 2 for row in marked])
        outline = rectangles(spans[:, 0], spans[:, 1], floor - FOOT_SHARE * rows.box_height, floor)
        axes.add_artist(PathPatch(outline, facecolor=FOOT, linewidth=0, gid=f"{id_prefix}feet"))


def draw_torn_edges(
    axes: Axes, window: ChartWindow, width: ChartWidth, rows: Rows, theme: Theme, id_prefix: str
) -> None:
    """Bite teeth of paper out of the boxes that the window cuts."""
    half, tooth = rows.box_height / 2, width.to_ticks(_TOOTH)
    for side, devices, edge, towards in (
        ("left", window.torn_left, window.begin, 1),
        ("right", window.torn_right, window.end, -1),
    ):
        teeth = [_teeth(edge, towards * tooth, row - half, row + half) for row in sorted(devices)]
        _bite(axes, teeth, theme, f"{id_prefix}torn-{side}")


def _draw_span(
    axes: Axes, span: StepSpan, middle: float, width: ChartWidth, rows: Rows, theme: Theme, id_prefix: str
) -> None:
    half = _LANE_HEIGHT / 2 / rows.pitch
    left, right = np.array([float(span.start)]), np.array([float(span.end)])
    top, bottom = np.array([middle - half]), np.array([middle + half])
    fill = theme.shade(span.job, "F")
    style = {"edgecolor": theme.paper, "linewidth": 0.8, "clip_on": False}
    name = f"{id_prefix}step-{span.job}-{span.step}"
    axes.add_artist(PathPatch(rectangles(left, right, top, bottom), facecolor=fill, gid=name, **style))
    if is_marked(span.step):
        foot = rectangles(left, right, bottom - 2 * half * FOOT_SHARE, bottom)
        axes.add_artist(PathPatch(foot, facecolor=FOOT, linewidth=0, clip_on=False))
    tooth = width.to_ticks(_TOOTH)
    torn = []
    if span.is_torn_left:
        torn.append(_teeth(span.start, tooth, middle - half, middle + half))
    if span.is_torn_right:
        torn.append(_teeth(span.end, -tooth, middle - half, middle + half))
    _bite(axes, torn, theme, None)
    _write_name(axes, span, middle, width, theme)


def _write_name(axes: Axes, span: StepSpan, middle: float, width: ChartWidth, theme: Theme) -> None:
    """Write what a step is called into its bar, or at least the number if there is less room."""
    room = width.of_span(span.end - span.start) - 8
    short = span.name.removeprefix("step ")
    text = next((text for text in (span.name, short) if text_width(text, _TEXT_SIZE) <= room), None)
    if text is not None:
        axes.annotate(
            text,
            (span.start, middle),
            xytext=(5, 0.5),
            textcoords="offset points",
            annotation_clip=False,
            va="center_baseline",
            size=_TEXT_SIZE,
            color=ink_on(theme.shade(span.job, "F")),
        )


def _teeth(edge: float, depth: float, top: float, bottom: float) -> Outline:
    """Return triangles along an upright edge, each ``depth`` ticks deep."""
    marks = np.linspace(top, bottom, 2 * _TEETH + 1)
    corners = [(edge, top)]
    corners += [(edge + depth * (index % 2), mark) for index, mark in enumerate(marks)]
    return Outline([*corners, (edge, top)], closed=True)


def _bite(axes: Axes, teeth: list[Outline], theme: Theme, name: str | None) -> None:
    if teeth:
        outline = Outline.make_compound_path(*teeth)
        patch = PathPatch(outline, facecolor=theme.paper, linewidth=0, clip_on=False, gid=name, zorder=3)
        axes.add_artist(patch)
