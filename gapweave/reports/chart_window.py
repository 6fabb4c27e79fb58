"""The span of time that a chart of a schedule shows, and the tasks in it.

Of a schedule with a period these are two periods of steady state: tasks of all periods that run in them, and
those at the edges are cut.
"""

from dataclasses import dataclass
from functools import cached_property

from gapweave.models.schedule import Schedule
from gapweave.models.steady_window import images
from gapweave.models.task import ScheduledTask

PERIODS = 2


@dataclass(frozen=True)
class ChartWindow:
    """Tasks between ``begin`` and ``end``, in ticks.

    Attributes
    ----------
    tasks
        With their own times, which in steady state may reach beyond the window; in order of their starts.
    """

    schedule: Schedule
    begin: int
    end: int
    tasks: tuple[ScheduledTask, ...]

    @classmethod
    def of(cls, schedule: Schedule) -> "ChartWindow":
        """Show all of a finite schedule, and two periods of one that has a period."""
        begin, end = window_of(schedule)
        tasks = schedule.tasks if schedule.period is None else tuple(images(schedule, begin, end))
        return cls(schedule, begin, end, tasks)

    @cached_property
    def cut(self) -> tuple[ScheduledTask, ...]:
        """The tasks with the times at which they are in the window."""
        if self.schedule.period is None:
            return self.tasks
        return tuple(
            row._replace(start=max(row.start, self.begin), end=min(row.end, self.end)) for row in self.tasks
        )

    @cached_property
    def by_device(self) -> tuple[tuple[ScheduledTask, ...], ...]:
        """The cut tasks of each device in order of their starts."""
        rows: list[list[ScheduledTask]] = [[] for _ in self.schedule.instance.devices]
        for row in sorted(self.cut, key=lambda row: row.start):
            rows[row.device].append(row)
        return tuple(map(tuple, rows))

    @property
    def is_torn(self) -> bool:
        """Whether a task is cut."""
        return bool(self.torn_left or self.torn_right)

    @property
    def torn_left(self) -> frozenset[int]:
        """Devices that run a task when the window begins, which began before it."""
        return frozenset(row.device for row in self.tasks if row.start < self.begin)

    @property
    def torn_right(self) -> frozenset[int]:
        """Devices that run a task when the window ends, which goes on after it."""
        return frozenset(row.device for row in self.tasks if row.end > self.end)


def window_of(schedule: Schedule) -> tuple[int, int]:
    """Return where the window of a schedule begins and ends, in ticks.

    A finite schedule ends after its last task, and not before its value.
    """
    if schedule.period is not None:
        return 0, PERIODS * schedule.period
    begin = min((row.start for row in schedule.tasks), default=0)
    end = max((row.end for row in schedule.tasks), default=0)
    return min(begin, 0), max(end, schedule.value, 1)
