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
    overruns = {
        number: [(time, level) for time, level in profile if level > device.memory_capacity]
        for number, (device, profile) in enumerate(zip(table.instance.devices, profiles, strict=True))
        if device.memory_capacity is not None
    }
    overruns = {number: overrun for number, overrun in overruns.items() if overrun}
    claimants = _claimants(table, overruns) if overruns else {}
    for number, overrun in overruns.items():
        time, level = overrun[0]
        worst, peak = max(overrun, key=lambda pair: pair[1])
        capacity = table.instance.devices[number].memory_capacity
        message = f"holds {level} of {capacity}, at worst {peak} at time {worst}"
        yield Violation("5", message, claimants.get(number), number, time)


def _claimants(table: Timetable, overruns: dict[int, Profile]) -> dict[int, Task]:
    """Return a task that claims memory when a device first overruns; none if earlier claims just stay."""
    effects, period = memory_effects(table.instance), table.schedule.period
    found: dict[int, Task] = {}
    for row in table.rows:
        device, delta = effects.get((row.job, row.stage, row.kind), (-1, 0))
        start = row.start if period is None else row.start % period
        if delta > 0 and device in overruns and overruns[device][0][0] == start:
            found.setdefault(device, row.task)
    return found
