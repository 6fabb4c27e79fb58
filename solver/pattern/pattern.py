"""A pattern of one period: when each task of a few microbatches starts, repeated for ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from gapweave.models.task_arrays import B, F, Int64Array, TaskArrays

#: A block of tasks of one step: job, kind, stage.
Lane: TypeAlias = tuple[int, int, int]

#: Most microbatches of all jobs in one period.
_MOST_IN_PERIOD = 10


@dataclass(frozen=True)
class Pattern:
    """Starts of one period; microbatch ``k + n`` of a job with n in each period runs a period after k.

    Attributes
    ----------
    period
        In units of the pattern's own, as all its times.
    counts
        Microbatches of each job in one period.
    starts
        For each lane, the start of each of these microbatches, less than a period after the first.
    backward
        Duration of B, per (job, stage).
    """

    period: int
    counts: tuple[int, ...]
    starts: Mapping[Lane, tuple[int, ...]]
    backward: Mapping[tuple[int, int], int]

    def keys(self, arrays: TaskArrays) -> Int64Array:
        """Return when the pattern starts each node, shape (nodes,); O and milestones come last."""
        keys = np.zeros(arrays.node_count, dtype=np.int64)
        for block in arrays.blocks:
            first = self.starts.get((block.job, block.kind, block.stage))
            if first is not None:
                number = np.arange(block.size, dtype=np.int64)
                own = np.array(first, dtype=np.int64)[number % len(first)]
                keys[block.first : block.first + block.size] = own + self.period * (number // len(first))
        patterned = np.isin(arrays.kind, [kind for _, kind, _ in self.starts])
        keys[~patterned] = keys.max() + 1
        return keys

    def in_flight(self, job: int, stage: int) -> int:
        """Return the most microbatches between F's start and B's end on a stage."""
        begun = np.array(self.starts[job, F, stage], dtype=np.int64)
        ended = np.array(self.starts[job, B, stage], dtype=np.int64) + self.backward[job, stage]
        now = begun[:, None]
        levels = ((now - begun) // self.period).sum(axis=1) - ((now - ended) // self.period).sum(axis=1)
        return max(1, int(levels.max()))


def period_counts(microbatches: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many microbatches of each job one period should have: few, in the ratio of all of them.

    Parameters
    ----------
    microbatches
        Of each job in all.
    """
    candidates = [
        tuple(max(1, round(most * count / max(microbatches))) for count in microbatches)
        for most in range(1, _MOST_IN_PERIOD)
    ]
    small = [counts for counts in candidates if sum(counts) <= _MOST_IN_PERIOD] or candidates[:1]

    def mismatch(counts: tuple[int, ...]) -> float:
        ratios = [count / own for count, own in zip(microbatches, counts, strict=True)]
        return max(ratios) / min(ratios)

    return min(small, key=lambda counts: (round(mismatch(counts), 2), sum(counts)))
