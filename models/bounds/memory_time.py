"""Memory over time: what the microbatches of one period hold, for as long as each has to, fills the device.

In steady state the memory level of a device is on average the sum over the tasks of one period of amount
times time, divided by T. The average is at most the capacity, so T is at least this sum divided by it.
"""

from collections.abc import Iterator
from math import gcd

from gapweave.models.bounds.least_hold import least_hold
from gapweave.models.instance import Instance, Job
from gapweave.models.task_arrays import B, F


def memory_time(instance: Instance, steps: tuple[int, ...], device: int) -> int:
    """Return the least period for which a device has memory enough on average, in ticks.

    Raises
    ------
    ValueError
        The device does not exist or has no limit, or nothing is held there, or nothing fits.
    """
    if not 0 <= device < len(instance.devices):
        raise ValueError("there is no such device")
    capacity = instance.devices[device].memory_capacity
    if capacity is None:
        raise ValueError("the device's memory is not limited")
    free = capacity - instance.resident_memory[device]
    unit = gcd(*(amount for job in instance.jobs for amount in _amounts(job, device)))
    if not unit:
        raise ValueError("nothing is held on the device")
    if free < unit:
        raise ValueError("no microbatch fits into the device's memory")
    held = sum(
        count * job.microbatch_count * held_by_microbatch(job, device)
        for count, job in zip(steps, instance.jobs, strict=True)
    )
    return -(-(held // unit) // (free // unit))


def _amounts(job: Job, device: int) -> Iterator[int]:
    """Yield what F, B and W change: the level is a multiple of what divides all of these."""
    for stage in job.stages:
        if stage.device == device:
            yield from (stage.memory.forward, stage.memory.backward, stage.memory.weight)


def held_by_microbatch(job: Job, device: int) -> int:
    """Return amount times ticks that one microbatch holds on a device at least."""
    held = 0
    for number, stage in enumerate(job.stages):
        if stage.device == device:
            memory, hold = stage.memory, least_hold(job, number)
            after = memory.forward + memory.backward
            held += memory.forward * hold[F, B] + after * (stage.weight or 0)
            # What B claims, it claims when it starts.
            held += max(memory.backward, 0) * stage.backward
    return held
