"""The time axis that one or several schedules share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Schedule
from gapweave.reports.time_scale import TimeScale


@dataclass(frozen=True)
class TimeAxis:
    """What a time axis spans, in ticks, and the unit that it is labelled in."""

    origin: int
    end: int
    scale: TimeScale

    @classmethod
    def of(cls, schedules: Sequence[Schedule]) -> Self:
        """Span the tasks and values of all schedules, and 0.

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
        origin = min((row.start for schedule in schedules for row in schedule.tasks), default=0)
        end = max(map(schedule_end, schedules))
        return cls(min(origin, 0), end, TimeScale.fitting(units.pop(), end))

    @property
    def span(self) -> int:
        """Its length."""
        return self.end - self.origin


def schedule_end(schedule: Schedule) -> int:
    """Return where a schedule's rows end, in ticks: after its last task, and not before its value."""
    return max(max((row.end for row in schedule.tasks), default=0), schedule.value, 1)
