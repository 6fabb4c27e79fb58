"""Choosing among schedules of one job: the stage span first, as the zero-bubble papers do."""

from collections.abc import Iterable

import numpy as np

from gapweave.models.task_arrays import Int64Array, TaskArrays


def longest_span(arrays: TaskArrays, starts: Int64Array) -> int:
    """Return the longest time from the first start to the last end of one device, in ticks."""
    tasks = slice(0, arrays.task_count)
    devices = len(arrays.instance.devices)
    first = np.full(devices, np.iinfo(np.int64).max)
    last = np.zeros(devices, dtype=np.int64)
    np.minimum.at(first, arrays.device[tasks], starts[tasks])
    np.maximum.at(last, arrays.device[tasks], starts[tasks] + arrays.duration[tasks])
    return int((last - first)[np.unique(arrays.device[tasks])].max())


def shortest_span(arrays: TaskArrays, candidates: Iterable[Int64Array]) -> Int64Array:
    """Return the starts with the least longest span, then the least makespan; there must be one.

    Parameters
    ----------
    candidates
        Starts of all nodes, each of shape (nodes,), in ticks.
    """
    return min(
        candidates,
        key=lambda starts: (longest_span(arrays, starts), int((starts + arrays.duration).max())),
    )
