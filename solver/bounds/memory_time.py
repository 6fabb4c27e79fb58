"""Lower bound on the period: what a device's memory can hold on average."""

from gapweave.models.bounds.memory_time import memory_time
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(instance: Instance, steps: tuple[int, ...]) -> ProvenBound | None:
    """Return the best bound of any device; None if no device has a limit above what is resident."""
    resident = instance.resident_memory
    limited = [
        number
        for number, device in enumerate(instance.devices)
        if device.memory_capacity is not None and device.memory_capacity > resident[number]
    ]
    bounds = [(memory_time(instance, steps, device), -device) for device in limited]
    if not bounds:
        return None
    value, device = max(bounds)
    return ProvenBound(value, Bound(argument="memory-time", certificate={"device": -device}))
