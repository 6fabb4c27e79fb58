"""Lower bound on the period: what the steps of one job cost one device, with the idle time between them."""

from gapweave.models.bounds.step_ramps import step_ramps
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(instance: Instance, steps: tuple[int, ...]) -> ProvenBound | None:
    """Return the best bound of any job on any of its devices; None if memory is overfull everywhere."""
    resident = instance.resident_memory
    overfull = {
        number
        for number, device in enumerate(instance.devices)
        if device.memory_capacity is not None and device.memory_capacity < resident[number]
    }
    bounds = [
        (steps[number] * step_ramps(instance, number, device), -number, -device)
        for number, job in enumerate(instance.jobs)
        for device in {stage.device for stage in job.stages} - overfull
    ]
    if not bounds:
        return None
    value, number, device = max(bounds)
    certificate = {"job": -number, "device": -device}
    return ProvenBound(value, Bound(argument="step-ramps", certificate=certificate))
