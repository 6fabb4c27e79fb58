"""Where everything is in an interactive chart, in pixels from the top of the plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import Marker, markers
from gapweave.reports.memory_layers import MemoryChart
from gapweave.reports.time_scale import TimeScale

#: (most devices, pixels from one row to the next): numbers fit into all but the last.
_PITCHES = ((8, 26.0), (16, 20.0), (64, 15.0), (256, 7.0))
_SMALLEST_PITCH = 3.0
_SHARE_OF_PITCH = 0.85
_TITLE, _SUBTITLE, _MARKER_LINE, _MEMORY_HEADING, _BETWEEN = 22.0, 22.0, 15.0, 30.0, 34.0
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

    An empty title takes no room.
    """

    number: int
    schedule: Schedule
    title: str
    top: float
    markers: tuple[Marker, ...]
    gantt: Track
    memory: MemoryChart | None
    memory_track: Track

    @property
    def bottom(self) -> float:
        """Lower edge of everything."""
        return self.gantt.bottom if self.memory is None else self.memory_track.bottom

    @property
    def subtitle_height(self) -> float:
        """Where the line below the title is."""
        return self.top + (_TITLE if self.title else 0) + _SUBTITLE / 2 - 3

    def marker_height(self, level: int) -> float:
        """Return where the label of a marked time is; the first is lowest."""
        return self.gantt.top - (level + 0.5) * _MARKER_LINE


def stack_panels(schedules: Sequence[Schedule], titles: Sequence[str], scale: TimeScale) -> list[Panel]:
    """Place schedules above each other, all with rows of the same height."""
    pitch = _pitch(max(len(schedule.instance.devices) for schedule in schedules))
    panels: list[Panel] = []
    top = _ABOVE
    for number, (schedule, title) in enumerate(zip(schedules, titles, strict=True)):
        marked = tuple(markers(schedule, scale))
        count = len(schedule.instance.devices)
        heading = (_TITLE if title else 0) + _SUBTITLE + _MARKER_LINE * (len(marked) - 0.5)
        gantt = Track(top + heading, pitch, count)
        memory_track = Track(gantt.bottom + _MEMORY_HEADING, max(pitch * _SHARE_OF_PITCH, 3.0), count)
        memory = MemoryChart.of(schedule)
        panels.append(Panel(number, schedule, title, top, marked, gantt, memory, memory_track))
        top = panels[-1].bottom + _BETWEEN
    return panels


def _pitch(devices: int) -> float:
    return next((pitch for most, pitch in _PITCHES if devices <= most), _SMALLEST_PITCH)
