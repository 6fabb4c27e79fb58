"""How much of an idle interval whole tasks can use: the largest subset sum of their durations that fits."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.task_arrays import Int64Array, TaskArrays

#: Longest list of sums that is kept; an interval that would need more counts as usable in full.
_MOST_SUMS = 4_096
#: Devices with more idle intervals than this are not looked at interval by interval.
_MOST_INTERVALS = 4_096


def with_usable(calendar: Calendar, arrays: TaskArrays, device: int, head: Int64Array) -> Calendar:
    """Return the calendar with what free tasks (jobs from 1 on) can use of each interval.

    Inside an interval only tasks whose head lets them end in it can run.
    """
    blocks = [block for block in arrays.blocks if block.device == device and block.job > 0]
    lengths = (calendar.ends - calendar.begins).tolist()
    if not blocks or len(lengths) > _MOST_INTERVALS:
        return calendar
    ends = (head[block.first : block.first + block.size] + block.duration for block in blocks)
    counts = np.array([np.searchsorted(end, calendar.ends, "right") for end in ends])
    durations = [block.duration for block in blocks]
    last = len(lengths) - 1
    usable = [
        length if at == last else largest_sum(length, *_pieces(durations, counts[:, at].tolist(), length))
        for at, length in enumerate(lengths)
    ]
    return Calendar(calendar.begins, calendar.ends, np.array(usable, dtype=np.int64))


def _pieces(
    durations: Sequence[int], counts: Sequence[int], length: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the distinct durations that fit, and how often each can be taken at most."""
    most: dict[int, int] = {}
    for duration, count in zip(durations, counts, strict=True):
        if duration <= length and count:
            most[duration] = min(most.get(duration, 0) + count, length // duration)
    return tuple(most), tuple(most.values())


@lru_cache(maxsize=4_096)
def largest_sum(length: int, durations: tuple[int, ...], counts: tuple[int, ...]) -> int:
    """Return the largest sum of durations, each taken at most so often, that is no more than ``length``.

    Where the sums are too many to list, it is the lesser of ``length`` and the sum of all.
    """
    length = min(length, sum(duration * count for duration, count in zip(durations, counts, strict=True)))
    sums = np.zeros(1, dtype=np.int64)
    for duration, count in zip(durations, counts, strict=True):
        if len(sums) * (count + 1) > _MOST_SUMS * 8:
            return length
        sums = (sums[:, None] + duration * np.arange(count + 1, dtype=np.int64)).ravel()
        sums = np.unique(sums[sums <= length])
        if len(sums) > _MOST_SUMS:
            return length
    return int(sums[-1])
