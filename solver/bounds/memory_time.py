"""Lower bound on the period: what a device's memory can hold on average."""

from contextlib import suppress

from gapweave.models.bounds.memory_time import memory_time
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(instance: Instance, steps: tuple[int, ...]) -> ProvenBound | None:
    """Return the best bound of any device; None if no limited device holds anything."""
    bounds = []
    for device in range(len(instance.devices)):
        with suppress(ValueError):  # no limit, or nothing held
            bounds.append((memory_time(instance, steps, device), -device))
    if not bounds:
        return None
    value, device = max(bounds)
    return ProvenBound(value, Bound(argument="memory-time", certificate={"device": -device}))
