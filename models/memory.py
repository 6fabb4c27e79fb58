"""Memory of the devices over time: resident memory plus what the tasks so far have claimed and freed."""

from collections.abc import Iterable

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

#: Pairs (time, level from then on), times increasing.
Profile = list[tuple[int, int]]


def memory_profile(schedule: Schedule, device: int) -> Profile:
    """Return the memory level of one device over time; see `memory_profiles`."""
    return memory_profiles(schedule)[device]


def memory_profiles(schedule: Schedule) -> list[Profile]:
    """Return the memory level of every device over time.

    Returns
    -------
    list of Profile
        For each device, pairs (time in ticks, level after all claims and releases at this time, in
        ``memory_unit``), times increasing from 0; a level holds until the next pair. With a period T the
        profile is that of steady state over [0, T).
    """
    return level_profiles(schedule.instance, schedule.tasks, schedule.period)


def peak_memory(schedule: Schedule) -> tuple[int, ...]:
    """Return the highest memory level of each device, in ``memory_unit``."""
    return tuple(max(level for _, level in profile) for profile in memory_profiles(schedule))


def memory_effects(instance: Instance) -> dict[tuple[int, int, str], tuple[int, int]]:
    """Return (device, delta) of the tasks of each (job, stage, kind) that claim (+) or free (-) memory.

    The memory is the stage's, so the device is the stage's too, wherever a wrong schedule runs the task.
    """
    return {
        (index, number, kind): (stage.device, delta)
        for index, job in enumerate(instance.jobs)
        for number, stage in enumerate(job.stages)
        for kind, delta in zip(
            "FBW", (stage.memory.forward, stage.memory.backward, stage.memory.weight), strict=True
        )
        if delta
    }


def level_profiles(
    instance: Instance, rows: Iterable[ScheduledTask], period: int | None = None
) -> list[Profile]:
    """Return the memory levels that tasks cause, as `memory_profiles` does.

    Parameters
    ----------
    instance
        The problem; rows that are no task of it have no effect.
    rows
        Tasks, in any order. A claim takes effect when its task starts, a release when its task ends.
    period
        Ticks after which every task runs again, or None if each runs once.

    Notes
    -----
    In steady state a task with effective time e takes effect at e + nT for every integer n. Counting only
    periods n >= n0, it has by time t taken effect floor((t - e) / T) + 1 - n0 times, so the level is

        resident + sum of delta * (floor((t - e) / T) + 1 - n0).

    The deltas of one microbatch on one stage sum to 0, so the constant 1 - n0 cancels, which makes the
    limit n0 -> -infinity (all live steps) exist: the level at phase t in [0, T) is

        resident + sum of delta * floor((t - e) / T).

    With e = qT + r, 0 <= r < T, the floor is -q-1 for t < r and -q from r on: one starting level, and one
    change of ``delta`` at each r. Sorting the changes gives the profile in O(n log n).
    """
    effects = memory_effects(instance)
    initial = list(instance.resident_memory)
    changes: list[dict[int, int]] = [{0: 0} for _ in initial]
    for row in rows:
        effect = effects.get((row.job, row.stage, row.kind))
        if effect is None:
            continue
        device, delta = effect
        time = row.start if delta > 0 else row.end
        if period is not None:
            whole, time = divmod(time, period)
            initial[device] -= delta * (whole + 1)
        changes[device][time] = changes[device].get(time, 0) + delta
    return [_accumulated(level, steps) for level, steps in zip(initial, changes, strict=True)]


def _accumulated(level: int, changes: dict[int, int]) -> Profile:
    profile = []
    for time in sorted(changes):
        level += changes[time]
        profile.append((time, level))
    return profile
