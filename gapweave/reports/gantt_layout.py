"""How large a Gantt chart is: everything that follows from the numbers of devices and tasks, in points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gapweave.models.schedule import Schedule
from gapweave.reports.chart_window import PERIODS
from gapweave.reports.time_axis import TimeAxis

_NARROWEST, _WIDEST = 450.0, 720.0
_ROW_PITCHES = (7.5, 20.0)
_COMFORTABLE_HEIGHT, _TALLEST = 300.0, 1000.0
_WIDTH_PER_TASK = 10.0


@dataclass(frozen=True)
class ChartWidth:
    """How time becomes points (1/72 inch) across the page.

    Attributes
    ----------
    axis
        What is shown, in ticks.
    points
        Width of the chart itself, without labels.
    """

    axis: TimeAxis
    points: float

    @classmethod
    def of(cls, schedules: Sequence[Schedule]) -> Self:
        """Choose a width: as small as a column of a paper, and larger as the tasks need it."""
        busiest = max(_busiest(schedule) for schedule in schedules)
        return cls(TimeAxis.of(schedules), min(max(busiest * _WIDTH_PER_TASK, _NARROWEST), _WIDEST))

    def of_span(self, ticks: int) -> float:
        """Return how wide a time span is drawn."""
        return ticks / self.axis.span * self.points

    def to_ticks(self, points: float) -> float:
        """Return how long a time span is that is drawn this wide."""
        return points / self.points * self.axis.span

    def position(self, time: int) -> float:
        """Return where a time is, from the chart's left."""
        return self.of_span(time - self.axis.origin)


def _busiest(schedule: Schedule) -> int:
    """Return how many tasks are drawn in the fullest row, more or less."""
    drawn = 1 if schedule.period is None else PERIODS
    return drawn * max(map(len, schedule.tasks_by_device))


@dataclass(frozen=True)
class Rows:
    """One row per device; ``pitch`` is the distance from one to the next, in points."""

    count: int
    pitch: float

    @classmethod
    def fitting(cls, count: int, charts: int = 1) -> Self:
        """Choose a pitch for one of several charts above each other."""
        low, high = _ROW_PITCHES
        return cls(count, min(max(_COMFORTABLE_HEIGHT / count, low), high, _TALLEST / count / min(charts, 2)))

    @property
    def height(self) -> float:
        """Of all rows."""
        return self.count * self.pitch

    @property
    def box_height(self) -> float:
        """Height of a task's box as a share of the row's pitch; rows keep about a point apart."""
        return 1 - min(0.16, 1.2 / self.pitch)

    @property
    def label_every(self) -> int:
        """Every how many rows there is room for a device's name."""
        return max(1, -int(-_ROW_PITCHES[0] // self.pitch))

    @property
    def label_size(self) -> float:
        """Font size of device names."""
        return min(8.0, max(6.0, self.pitch * 0.85))
