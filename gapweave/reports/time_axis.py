"""The time axis that one or several schedules share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.chart_window import window_of
from gapweave.reports.time_scale import TimeScale


@dataclass(frozen=True)
class TimeAxis:
    """What a time axis spans, in ticks, and the unit that it is labelled in."""

    origin: int
    end: int
    scale: TimeScale

    @classmethod
    def of(cls, schedules: Sequence[Schedule]) -> Self:
        """Span the windows of all schedules, and 0.

        Raises
        ------
        InvalidOption
            Their time units differ.
        """
        units = {schedule.instance.time_unit for schedule in schedules}
        if len(units) > 1:
            raise InvalidOption(
                f"schedules in {' and '.join(sorted(units))} cannot share a time axis; draw them apart"
            )
        begins, ends = zip(*map(window_of, schedules), strict=True)
        return cls(min(begins), max(ends), TimeScale.fitting(units.pop(), max(ends)))

    @property
    def span(self) -> int:
        """Its length."""
        return self.end - self.origin


def schedule_end(schedule: Schedule) -> int:
    """Return where a schedule's rows end, in ticks."""
    return window_of(schedule)[1]
