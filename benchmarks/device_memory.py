"""The memory rule in the words of general schedulers: a renewable resource that held amounts occupy."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from gapweave import Infeasible
from gapweave.models.instance import StageMemory
from gapweave.models.task_arrays import B, F, TaskArrays, W


@dataclass(frozen=True)
class Hold:
    """An amount that is held from the start of node ``claim`` to the end of node ``release``."""

    claim: int
    release: int
    amount: int


@dataclass(frozen=True)
class DeviceMemory:
    """What a device has room for, beside its resident memory, in the largest unit that keeps all integers."""

    device: int
    capacity: int
    holds: tuple[Hold, ...]


def limited_memories(arrays: TaskArrays) -> list[DeviceMemory]:
    """Return the devices whose memory can run out; raises Infeasible if resident memory alone exceeds it."""
    instance = arrays.instance
    memories = []
    for device, resident in enumerate(instance.resident_memory):
        capacity = instance.devices[device].memory_capacity
        if capacity is None:
            continue
        if resident > capacity:
            raise Infeasible(f"resident memory of device {device} exceeds its capacity")
        holds = tuple(_holds(arrays, device))
        if sum(hold.amount for hold in holds) <= capacity - resident:
            continue
        unit = gcd(*(hold.amount for hold in holds))
        scaled = tuple(Hold(hold.claim, hold.release, hold.amount // unit) for hold in holds)
        memories.append(DeviceMemory(device, (capacity - resident) // unit, scaled))
    return memories


def _holds(arrays: TaskArrays, device: int) -> Iterator[Hold]:
    for job_index, job in enumerate(arrays.instance.jobs):
        for number, stage in enumerate(job.stages):
            if stage.device != device:
                continue
            first = {
                kind: block.first
                for kind in (F, B, W)
                if (block := arrays.block(job_index, kind, number)) is not None
            }
            for claim, release, amount in _parts(stage.memory):
                for microbatch in range(job.microbatch_count):
                    yield Hold(first[claim] + microbatch, first[release] + microbatch, amount)


def _parts(memory: StageMemory) -> list[tuple[int, int, int]]:
    """Split what one microbatch holds into (claiming kind, freeing kind, amount) with amounts above 0."""
    freed_by_backward, freed_by_weight = max(0, -memory.backward), -memory.weight
    claimed_by_backward = max(0, memory.backward)
    parts = [
        (F, B, freed_by_backward),
        (F, W, freed_by_weight - claimed_by_backward),
        (B, W, claimed_by_backward),
    ]
    return [part for part in parts if part[2]]
