"""How large a Gantt chart is: everything that follows from the numbers of devices and tasks, in points."""

from dataclasses import dataclass
from typing import Self

from gapweave.models.schedule import Schedule

_NARROWEST, _WIDEST = 450.0, 720.0
_ROW_PITCHES = (7.5, 20.0)
_COMFORTABLE_HEIGHT, _TALLEST = 300.0, 1000.0
_WIDTH_PER_TASK = 10.0


@dataclass(frozen=True)
class GanttLayout:
    """Sizes in points (1/72 inch).

    Attributes
    ----------
    width
        Of the chart itself, without labels.
    row_pitch
        From one device's row to the next.
    devices
        Rows.
    origin, end
        What the time axis spans, in ticks.
    """

    width: float
    row_pitch: float
    devices: int
    origin: int
    end: int

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Choose sizes: as small as a column of a paper, and larger as the tasks need it."""
        devices = len(schedule.instance.devices)
        busiest = max(map(len, schedule.tasks_by_device))
        width = min(max(busiest * _WIDTH_PER_TASK, _NARROWEST), _WIDEST)
        pitch = min(max(_COMFORTABLE_HEIGHT / devices, _ROW_PITCHES[0]), _ROW_PITCHES[1], _TALLEST / devices)
        origin = min((row.start for row in schedule.tasks), default=0)
        end = max((row.end for row in schedule.tasks), default=0)
        return cls(width, pitch, devices, min(origin, 0), max(end, schedule.value, 1))

    @property
    def height(self) -> float:
        """Of all rows."""
        return self.devices * self.row_pitch

    @property
    def box_height(self) -> float:
        """Height of a task's box as a share of the row's pitch; rows keep about a point apart."""
        return 1 - min(0.16, 1.2 / self.row_pitch)

    @property
    def label_every(self) -> int:
        """Every how many rows there is room for a device's name."""
        return max(1, -int(-_ROW_PITCHES[0] // self.row_pitch))

    @property
    def label_size(self) -> float:
        """Font size of device names."""
        return min(8.0, max(6.0, self.row_pitch * 0.85))

    def points(self, ticks: int) -> float:
        """Return how wide a time span is drawn."""
        return ticks / (self.end - self.origin) * self.width
