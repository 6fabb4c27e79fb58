"""Where everything is in an interactive chart, in pixels from the top of the plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import Marker, marker_levels, markers
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.memory_layers import MemoryChart
from gapweave.reports.step_spans import StepSpan, step_spans
from gapweave.reports.time_scale import TimeScale

#: (most devices, pixels from one row to the next): numbers fit into all but the last.
_PITCHES = ((8, 26.0), (16, 20.0), (64, 15.0), (256, 7.0))
_SMALLEST_PITCH = 3.0
_SHARE_OF_PITCH = 0.85
_TITLE, _SUBTITLE, _MARKER_LINE, _MEMORY_HEADING, _BETWEEN = 22.0, 22.0, 15.0, 30.0, 34.0
#: From one line of steps to the next, and between them and the rows.
_LANE, _BELOW_LANES = 18.0, 4.0
_ABOVE, _LABEL_HEIGHT = 8.0, 12.0


@dataclass(frozen=True)
class Track:
    """Rows of one height, one per device.

    Attributes
    ----------
    top
        Upper edge of the first row.
    pitch
        From one row to the next.
    """

    top: float
    pitch: float
    count: int

    @property
    def bottom(self) -> float:
        """Lower edge of the last row."""
        return self.top + self.count * self.pitch

    @property
    def box_height(self) -> float:
        """Height of what is drawn in a row."""
        return self.pitch - min(4.0, 0.16 * self.pitch)

    @property
    def labelled(self) -> range:
        """Rows that have room for a name."""
        return range(0, self.count, max(1, -int(-_LABEL_HEIGHT // self.pitch)))

    def centre(self, row: int) -> float:
        """Return the middle of a row."""
        return self.top + (row + 0.5) * self.pitch


@dataclass(frozen=True)
class Panel:
    """One schedule in a chart: title, marked times, Gantt rows, and memory rows if it has memory amounts.

    An empty title takes no room. Above the rows is a line with the steps of each job, if there are several.
    """

    number: int
    window: ChartWindow
    title: str
    top: float
    markers: tuple[Marker, ...]
    steps: tuple[tuple[StepSpan, ...], ...]
    lanes: Track
    gantt: Track
    memory: MemoryChart | None
    memory_track: Track

    @property
    def schedule(self) -> Schedule:
        """What is drawn."""
        return self.window.schedule

    @property
    def bottom(self) -> float:
        """Lower edge of everything."""
        return self.gantt.bottom if self.memory is None else self.memory_track.bottom

    @property
    def subtitle_height(self) -> float:
        """Where the line below the title is."""
        return self.top + (_TITLE if self.title else 0) + _SUBTITLE / 2 - 3

    def marker_height(self, level: int) -> float:
        """Return where the label of a marked time is; level 1 is lowest."""
        return self.lanes.top - (level - 0.5) * _MARKER_LINE


def stack_panels(schedules: Sequence[Schedule], titles: Sequence[str], scale: TimeScale) -> list[Panel]:
    """Place schedules above each other, all with rows of the same height."""
    pitch = _pitch(max(len(schedule.instance.devices) for schedule in schedules))
    panels: list[Panel] = []
    top = _ABOVE
    for number, (schedule, title) in enumerate(zip(schedules, titles, strict=True)):
        marked = tuple(markers(schedule, scale))
        count = len(schedule.instance.devices)
        steps = tuple(map(tuple, step_spans(schedule)))
        heading = (_TITLE if title else 0) + _SUBTITLE + _MARKER_LINE * (marker_levels(marked) - 0.5)
        lanes = Track(top + heading, _LANE, len(steps))
        gantt = Track(lanes.bottom + (_BELOW_LANES if steps else 0), pitch, count)
        memory_track = Track(gantt.bottom + _MEMORY_HEADING, max(pitch * _SHARE_OF_PITCH, 3.0), count)
        memory = MemoryChart.of(schedule)
        tracks = (steps, lanes, gantt, memory, memory_track)
        panels.append(Panel(number, ChartWindow.of(schedule), title, top, marked, *tracks))
        top = panels[-1].bottom + _BETWEEN
    return panels


def _pitch(devices: int) -> float:
    return next((pitch for most, pitch in _PITCHES if devices <= most), _SMALLEST_PITCH)
