"""Rule 5: no device ever holds more than its capacity."""

from collections.abc import Iterator

from gapweave.models.memory import Profile, level_profiles, memory_effects
from gapweave.models.task import Task
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation


def check_memory(table: Timetable) -> Iterator[Violation]:
    """Rule 5: ``resident + claims - releases <= capacity`` at every time; one violation per device.

    At one instant releases count before claims, so the level after both is the highest of that instant.
    How the level of steady state follows from one period: see `gapweave.models.memory.level_profiles`.
    """
    profiles = level_profiles(table.instance, table.rows, table.schedule.period)
    peaks, rises = {}, {}
    for number, (device, profile) in enumerate(zip(table.instance.devices, profiles, strict=True)):
        worst, peak = max(profile, key=lambda pair: pair[1])
        if device.memory_capacity is not None and peak > device.memory_capacity:
            peaks[number] = f"at worst {peak} at time {worst}"
            rises[number] = _first_rise(profile, device.memory_capacity, table.schedule.period is not None)
    claimants = _claimants(table, rises) if rises else {}
    for number, (time, level) in rises.items():
        message = f"holds {level} of {table.instance.devices[number].memory_capacity}, {peaks[number]}"
        yield Violation("5", message, claimants.get(number), number, time)


def _first_rise(profile: Profile, capacity: int, periodic: bool) -> tuple[int, int]:
    """Return when the level first rises above the capacity, and to what; the start if it is never below."""
    before = profile[-1][1] if periodic else 0
    for time, level in profile:
        if level > capacity >= before:
            return time, level
        before = level
    return profile[0]


def _claimants(table: Timetable, rises: dict[int, tuple[int, int]]) -> dict[int, Task]:
    """Return for each device a task that claims memory when the level rises."""
    effects, period = memory_effects(table.instance), table.schedule.period
    found: dict[int, Task] = {}
    for row in table.rows:
        device, delta = effects.get((row.job, row.stage, row.kind), (-1, 0))
        start = row.start if period is None else row.start % period
        if delta > 0 and device in rises and rises[device][0] == start:
            found.setdefault(device, row.task)
    return found
