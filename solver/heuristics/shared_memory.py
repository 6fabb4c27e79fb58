"""Sharing the devices' memory between jobs that run at the same time."""

from collections.abc import Sequence

from gapweave.models.instance import Instance
from gapweave.solver.room import free_capacities


def with_shares(instance: Instance, peaks: Sequence[Sequence[int]]) -> list[Instance] | None:
    """Return for each job the instance with its share of the memory.

    On each device a job gets room for one microbatch of each of its stages, and a share of what is left in
    proportion to what it would like beyond that.

    Parameters
    ----------
    peaks
        Memory that each job takes on each device if it is alone, shape (jobs, devices).

    Returns
    -------
    list of Instance or None
        None if nothing need be shared, or one microbatch of every stage is too much already.
    """
    free = free_capacities(instance)
    together = [sum(levels) for levels in zip(*peaks, strict=True)]
    least = _one_of_each(instance)
    if all(room is None or level <= room for room, level in zip(free, together, strict=True)):
        return None
    if any(room is not None and sum(own[d] for own in least) > room for d, room in enumerate(free)):
        return None
    return [_with_room(instance, _shares(job, free, least, peaks)) for job in range(len(instance.jobs))]


def _one_of_each(instance: Instance) -> list[list[int]]:
    """Return the memory of one microbatch of each stage, shape (jobs, devices)."""
    least = [[0] * len(instance.devices) for _ in instance.jobs]
    for job, own in zip(instance.jobs, least, strict=True):
        for stage in job.stages:
            own[stage.device] += stage.memory.peak
    return least


def _shares(
    job: int, free: Sequence[int | None], least: Sequence[Sequence[int]], peaks: Sequence[Sequence[int]]
) -> list[int | None]:
    """Return one job's share on each device; None is unlimited."""
    shares: list[int | None] = []
    for device, room in enumerate(free):
        if room is None:
            shares.append(None)
            continue
        wishes = [max(0, peak[device] - own[device]) for peak, own in zip(peaks, least, strict=True)]
        left = room - sum(own[device] for own in least)
        shares.append(least[job][device] + left * wishes[job] // max(1, sum(wishes)))
    return shares


def _with_room(instance: Instance, room: Sequence[int | None]) -> Instance:
    """Return the instance with this much memory beside what is resident."""
    devices = tuple(
        device.model_copy(update={"memory_capacity": None if amount is None else resident + amount})
        for device, resident, amount in zip(instance.devices, instance.resident_memory, room, strict=True)
    )
    return instance.model_copy(update={"devices": devices})
