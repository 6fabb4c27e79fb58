"""When each task can start in a schedule that ends by a horizon, as far as heads and tails say."""

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.problem import Problem


def earliest_starts(problem: Problem) -> Int64Array:
    """Return the earliest start of each node, beside a pinned primary of each free node; shape (nodes,)."""
    head = problem.paths.head
    return head if problem.windows is None else np.maximum(head, problem.windows.head)


def latest_starts(problem: Problem, horizon: int) -> Int64Array:
    """Return the latest start of each node, shape (nodes,), in ticks.

    In schedules that end by ``horizon`` and keep the primary's limit.
    """
    arrays = problem.arrays
    limit = np.full(arrays.node_count, horizon, dtype=np.int64)
    if problem.primary_limit is not None:
        limit[arrays.job == 0] = min(horizon, problem.primary_limit)
    tail = problem.paths.tail
    if problem.windows is not None:
        tail = np.maximum(tail, problem.windows.tails(horizon))
    latest: Int64Array = limit - tail - arrays.duration
    return latest
