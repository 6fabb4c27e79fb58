"""Memory and time together: what all microbatches hold, each for as long as it must, fits into one period."""

from math import gcd

from gapweave.models.instance import Instance, Job


def held_memory(instance: Instance, steps: tuple[int, ...], device: int) -> int:
    """Return the least period in which a device's memory can hold all microbatches, in ticks.

    A microbatch holds what F claims from the start of F until B ends, and then what is left of it until W
    ends. From F to the end of B at least the way to the last stage and back must pass. Over one period of
    steady state the sum of amount times duration is at most the free memory times the period.

    Raises
    ------
    ValueError
        The device's memory is unlimited, or nothing is held in it.
    """
    capacity = instance.devices[device].memory_capacity
    if capacity is None:
        raise ValueError("the device's memory is unlimited")
    free = capacity - instance.resident_memory[device]
    holds = [
        (amount, duration * count * job.microbatch_count)
        for job, count in zip(instance.jobs, steps, strict=True)
        for number, stage in enumerate(job.stages)
        if stage.device == device
        for amount, duration in _holds(job, number)
        if amount
    ]
    unit = gcd(*(amount for amount, _ in holds))
    if not holds or free < unit:
        raise ValueError("nothing is held in the device's memory, or nothing fits")
    area = sum(amount // unit * duration for amount, duration in holds)
    return -(-area // (free // unit))


def _holds(job: Job, number: int) -> tuple[tuple[int, int], ...]:
    """Return (amount, least ticks) that one microbatch holds on a stage, one after the other."""
    stage = job.stages[number]
    memory, weight = stage.memory, stage.weight or 0
    away = sum(later.forward + later.backward for later in job.stages[number + 1 :])
    away += sum(job.forward_lags[number:]) + sum(job.backward_lags[number:])
    left = memory.forward + memory.backward
    if memory.backward > 0:  # B claims more when it starts
        return (memory.forward, stage.forward + away), (left, stage.backward + weight)
    return (memory.forward, stage.forward + away + stage.backward), (left, weight)
