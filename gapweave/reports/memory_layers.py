"""Memory of the devices over time, job by job on top of each other."""

from collections.abc import Iterator
from dataclasses import dataclass

from gapweave.models.memory import Profile, level_profiles
from gapweave.models.schedule import Schedule
from gapweave.reports.chart_window import PERIODS
from gapweave.reports.memory_scale import MemoryScale
from gapweave.reports.time_axis import schedule_end
from gapweave.reports.time_scale import percent


@dataclass(frozen=True)
class MemoryLayer:
    """What resident memory and the jobs up to one take together.

    Attributes
    ----------
    job
        The last job that counts; None: only resident memory does.
    profiles
        For each device its level over time, as `gapweave.models.memory.memory_profiles` gives it; in steady
        state of two periods, all live steps together.
    """

    job: int | None
    profiles: list[Profile]


@dataclass(frozen=True)
class MemoryChart:
    """The memory of one schedule, ready to be drawn.

    Attributes
    ----------
    layers
        From resident memory to everything: each contains the ones before, and the last one is the whole.
    end
        Until when the last levels hold, in ticks.
    full
        The largest capacity or level of any device: what the height of a row stands for.
    scale
        The unit in which amounts are written.
    """

    layers: tuple[MemoryLayer, ...]
    capacities: tuple[int | None, ...]
    end: int
    full: int
    scale: MemoryScale

    @classmethod
    def of(cls, schedule: Schedule) -> "MemoryChart | None":
        """Return the memory of a schedule, or None if its instance says nothing about memory."""
        layers = tuple(_layers(schedule))
        peaks = [max(level for _, level in profile) for profile in layers[-1].profiles]
        if not any(peaks):
            return None
        capacities = tuple(device.memory_capacity for device in schedule.instance.devices)
        full = max(*peaks, *(limit or 0 for limit in capacities))
        end = schedule_end(schedule)
        return cls(layers, capacities, end, full, MemoryScale.fitting(schedule.instance.memory_unit, full))

    @property
    def peaks(self) -> list[int]:
        """Highest level of each device."""
        return [max(level for _, level in profile) for profile in self.layers[-1].profiles]

    @property
    def peak_texts(self) -> list[str]:
        """Highest level of each device: as a share of its capacity, or as an amount if it has none."""
        return [
            percent(peak / capacity) if capacity else self.scale.format(peak)
            for peak, capacity in zip(self.peaks, self.capacities, strict=True)
        ]


def steps(profile: Profile, end: int) -> list[tuple[int, int]]:
    """Return the corners of a profile as a staircase of (time, level) up to ``end``."""
    corners = [profile[0]]
    for time, level in profile[1:]:
        if level != corners[-1][1]:
            corners += [(time, corners[-1][1]), (time, level)]
    return [*corners, (max(end, corners[-1][0]), corners[-1][1])]


def _repeated(profile: Profile, schedule: Schedule) -> Profile:
    """Return the profile of one period for all that are drawn."""
    if schedule.period is None:
        return profile
    return [(time + number * schedule.period, level) for number in range(PERIODS) for time, level in profile]


def _layers(schedule: Schedule) -> Iterator[MemoryLayer]:
    def profiles(jobs: int) -> list[Profile]:
        rows = [row for row in schedule.tasks if row.job < jobs]
        return [_repeated(own, schedule) for own in level_profiles(schedule.instance, rows, schedule.period)]

    yield MemoryLayer(None, profiles(0))
    for job in range(len(schedule.instance.jobs)):
        yield MemoryLayer(job, profiles(job + 1))
