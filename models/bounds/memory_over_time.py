"""What memory that changes over time forces: claims that must wait, and releases that must not."""

from typing import NamedTuple

import numpy as np

from gapweave.models.bounds.calendar import FOREVER
from gapweave.models.task_arrays import Int64Array


class FreeMemory(NamedTuple):
    """Memory of a device for the free tasks: ``amounts[i]`` from ``times[i]`` on, the first time long ago."""

    times: Int64Array
    amounts: Int64Array


class Holding(NamedTuple):
    """What the microbatches of one stage hold: F claims ``claim``, B and W free parts of it."""

    claim: int
    by_backward: int
    by_weight: int


def earliest_claims(
    free: FreeMemory, held: Holding, count: int, backward_ends: Int64Array, weight_ends: Int64Array
) -> Int64Array:
    """Return when memory lets each forward start at the earliest, shape (count,).

    By time t at most beta(t) backwards and omega(t) weight gradients can have ended. Once F[k] has started,
    ``claim (k+1) <= free(t) + by_backward beta(t) + by_weight omega(t)`` at all times, so F[k] starts no
    sooner than the last time at which this does not hold.

    Parameters
    ----------
    backward_ends, weight_ends
        Earliest ends of the stage's B and W, in order, in ticks.
    """
    times = np.unique(np.concatenate([free.times, backward_ends, weight_ends]))
    room = _at(free, times)
    room = room + held.by_backward * np.searchsorted(backward_ends, times, side="right")
    room = room + held.by_weight * np.searchsorted(weight_ends, times, side="right")
    lasting = np.minimum.accumulate(room[::-1])[::-1]
    needed = held.claim * np.arange(1, count + 1, dtype=np.int64)
    at = np.searchsorted(lasting, needed, side="left")
    earliest: Int64Array = times[np.minimum(at, len(times) - 1)]
    return earliest


def latest_releases(
    free: FreeMemory, held: Holding, latest_forwards: Int64Array, backward_ends: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Return when memory lets each B, and each W, end at the latest, both of shape (microbatches,).

    By time t at least n(t) forwards must have started, and what they claim beyond ``free(t)`` must have
    been freed: by beta backwards and omega <= beta weight gradients, of which at most beta'(t) backwards.

    Parameters
    ----------
    latest_forwards
        Latest starts of the stage's F, in order, in ticks.
    backward_ends
        Earliest ends of its B, in order, in ticks.
    """
    count = len(latest_forwards)
    times = np.unique(np.concatenate([free.times, latest_forwards, backward_ends]))
    begun = np.searchsorted(latest_forwards, times, side="right")
    excess = held.claim * begun - _at(free, times)
    backwards = -(-excess // (held.by_backward + held.by_weight))
    last_backwards = _reached(times, backwards, count)
    if not held.by_weight:
        return last_backwards, np.full(count, FOREVER, dtype=np.int64)
    ended = np.searchsorted(backward_ends, times, side="right")
    weights = -(-(excess - held.by_backward * ended) // held.by_weight)
    return last_backwards, _reached(times, weights, count)


def _reached(times: Int64Array, needed: Int64Array, count: int) -> Int64Array:
    """Return for each k the first time at which more than k are needed."""
    most = np.maximum.accumulate(needed)
    at = np.searchsorted(most, np.arange(1, count + 1, dtype=np.int64), side="left")
    return np.append(times, FOREVER)[at]


def _at(free: FreeMemory, times: Int64Array) -> Int64Array:
    at = np.maximum(np.searchsorted(free.times, times, side="right") - 1, 0)
    amounts: Int64Array = free.amounts[at]
    return amounts
