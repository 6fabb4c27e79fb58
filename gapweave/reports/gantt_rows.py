"""What Gantt and memory panels have in common: a label for every device, a time axis, marked times."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import Marker, printable
from gapweave.reports.colours import Theme
from gapweave.reports.gantt_layout import ChartWidth, Rows
from gapweave.reports.gantt_style import LABEL_SIZE, text_width
from gapweave.reports.time_scale import grouped

BETWEEN_NAME_AND_ROW = 5.0
_TICK_PITCH = 55.0
_LONGEST_NAME = 24


def device_names(schedule: Schedule) -> list[str]:
    """Return the devices' names as they are written beside the rows."""
    return [printable(device.name, _LONGEST_NAME) for device in schedule.instance.devices]


def label_width(schedule: Schedule, rows: Rows) -> float:
    """Return how wide the longest device name is written, in points."""
    return max(text_width(name, rows.label_size) for name in device_names(schedule))


def label_rows(axes: Axes, names: Sequence[str], rows: Rows, theme: Theme) -> None:
    """Write the devices' names, the first on top."""
    shown = range(0, rows.count, rows.label_every)
    axes.set_yticks(shown, [names[row] for row in shown], parse_math=False)
    axes.tick_params("y", length=0, pad=BETWEEN_NAME_AND_ROW, labelsize=rows.label_size, labelcolor=theme.ink)


def label_time(axes: Axes, width: ChartWidth, theme: Theme, *, is_last: bool) -> None:
    """Mark round times below the rows, and write them below the last panel."""
    scale = width.axis.scale
    marks = scale.marks(width.axis.end, int(width.points / _TICK_PITCH))
    texts = [grouped(mark) for mark in marks] if is_last else [""] * len(marks)
    axes.set_xticks([mark * scale.ticks for mark in marks], texts)
    axes.tick_params(
        "x", length=3, width=0.6, color=theme.quiet_ink, labelsize=LABEL_SIZE, labelcolor=theme.ink
    )
    if is_last:
        axes.set_xlabel(f"time ({scale.unit})", size=LABEL_SIZE, color=theme.ink)


def draw_marker(axes: Axes, marker: Marker, top: float, bottom: float, theme: Theme) -> None:
    """Draw a vertical line between two row coordinates; a lower bound's is dashed."""
    axes.plot(
        [marker.time, marker.time],
        [bottom, top],
        linestyle="--" if marker.is_bound else "-",
        color=theme.ink,
        linewidth=0.9,
        clip_on=False,
    )
