"""Lower bound: a device's work and the idle time that memory forces on it at both ends."""

from contextlib import suppress

from gapweave.models.bounds import HeadsTails, ramps_value
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(paths: HeadsTails) -> ProvenBound:
    """Take the device with the largest value; 0 if memory forces nothing anywhere."""
    values = {}
    for device in range(len(paths.arrays.instance.devices)):
        with suppress(ValueError):
            values[device] = ramps_value(paths, device)
    best = max(values, key=lambda device: values[device], default=0)
    certificate = {"device": best}
    return ProvenBound(values.get(best, 0), Bound(argument="ramps", certificate=certificate))
