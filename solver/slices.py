"""One flat array instead of many: where each one's slice begins."""

from collections.abc import Sequence

import numpy as np

from gapweave.models.task_arrays import Int64Array


def pointers(sizes: Sequence[int] | Int64Array) -> Int64Array:
    """Return where slices of these sizes begin, and where the last one ends; shape (slices + 1,)."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])


def pointers_by(keys: Int64Array, count: int) -> Int64Array:
    """Return the pointers of what is sorted by keys from 0 to ``count - 1``."""
    return pointers(np.bincount(keys, minlength=count))
