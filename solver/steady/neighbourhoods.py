"""Which tasks of a periodic schedule to free: one function for each shape of neighbourhood.

Each returns about ``size`` tasks near a random one, as a mask of shape (tasks,). What is near differs.
"""

from collections.abc import Callable
from random import Random
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.kept_orders import PeriodicStep

Mask: TypeAlias = npt.NDArray[np.bool_]
Shape: TypeAlias = Callable[[PeriodicStep, Random, int], Mask]


def in_time(step: PeriodicStep, rng: Random, size: int) -> Mask:
    """Free a span of time, on all devices."""
    return _nearest(_apart(step, _centre(step, rng)), size)


def in_time_and_devices(step: PeriodicStep, rng: Random, size: int) -> Mask:
    """Free what is near in time, later or earlier the more devices lie between."""
    centre = _centre(step, rng)
    pitch = rng.uniform(0.5, 4.0) * _mean_duration(step)
    return _nearest(_apart(step, centre) + pitch * _devices_apart(step, centre), size)


def on_few_devices(step: PeriodicStep, rng: Random, size: int) -> Mask:
    """Free a longer span of time, on up to three neighbouring devices."""
    centre = _centre(step, rng)
    distance = _apart(step, centre)
    distance[_devices_apart(step, centre) > rng.randint(0, 1)] = np.inf
    return _nearest(distance, size)


def of_one_job(step: PeriodicStep, rng: Random, size: int) -> Mask:
    """Free a span of time, but only one job's tasks; in a single job one kind's."""
    centre, arrays = _centre(step, rng), step.graph.arrays
    trait = arrays.job if len(arrays.instance.jobs) > 1 else arrays.kind
    distance = _apart(step, centre)
    distance[trait[: arrays.task_count] != trait[centre]] = np.inf
    return _nearest(distance, size)


def of_few_microbatches(step: PeriodicStep, rng: Random, size: int) -> Mask:
    """Free whole microbatches of one job."""
    centre, arrays = _centre(step, rng), step.graph.arrays
    microbatch = arrays.microbatch[: arrays.task_count]
    count = arrays.instance.jobs[arrays.job[centre]].microbatch_count
    distance = _around(microbatch - microbatch[centre], count)
    distance += _devices_apart(step, centre) / (1 + len(arrays.instance.devices))
    distance[arrays.job[: arrays.task_count] != arrays.job[centre]] = np.inf
    return _nearest(distance, size)


SHAPES: tuple[Shape, ...] = (in_time, in_time_and_devices, on_few_devices, of_one_job, of_few_microbatches)


def _centre(step: PeriodicStep, rng: Random) -> int:
    return rng.randrange(step.graph.arrays.task_count)


def _apart(step: PeriodicStep, centre: int) -> npt.NDArray[np.float64]:
    """How far each task is from one, in ticks, this way or that way around the period."""
    return _around(step.phase - step.phase[centre], step.period)


def _around(difference: Int64Array, length: int) -> npt.NDArray[np.float64]:
    ahead = difference % length
    return np.minimum(ahead, length - ahead).astype(np.float64)


def _devices_apart(step: PeriodicStep, centre: int) -> Int64Array:
    device = step.graph.arrays.device[: step.graph.arrays.task_count]
    apart: Int64Array = np.abs(device - device[centre])
    return apart


def _nearest(distance: npt.NDArray[np.float64], size: int) -> Mask:
    """Choose the ``size`` tasks of least distance, none of those that are infinitely far."""
    size = min(size, int(np.isfinite(distance).sum()))
    free = np.zeros(len(distance), dtype=np.bool_)
    free[np.argpartition(distance, size - 1)[:size]] = True
    return free


def _mean_duration(step: PeriodicStep) -> float:
    return float(step.graph.arrays.duration[: step.graph.arrays.task_count].mean())
