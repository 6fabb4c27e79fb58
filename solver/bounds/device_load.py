"""Lower bound: the load of the busiest device."""

import numpy as np

from gapweave.models.bounds import HeadsTails
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(paths: HeadsTails) -> ProvenBound:
    """Sum the durations of each device's tasks and take the largest sum."""
    arrays = paths.arrays
    loads = np.zeros(len(arrays.instance.devices), dtype=np.int64)
    tasks = slice(0, arrays.task_count)
    np.add.at(loads, arrays.device[tasks], arrays.duration[tasks])
    device = int(loads.argmax())
    return ProvenBound(int(loads[device]), Bound(argument="device-load", certificate={"device": device}))
