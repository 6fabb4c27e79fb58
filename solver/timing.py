"""From orders to times: every task as early as the precedences and its device's order allow."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import Int64Array, TaskArrays


def earliest_starts(arrays: TaskArrays, orders: Sequence[Sequence[int]]) -> Int64Array:
    """Start every task as early as possible.

    Parameters
    ----------
    arrays
        The tasks.
    orders
        For each device, its tasks (node ids) in the order in which it runs them.

    Returns
    -------
    ndarray
        Starts of all nodes, shape (nodes,), in ticks.

    Raises
    ------
    NotApplicable
        The orders contradict the precedences (a deadlock), or leave out a task.
    """
    following = [-1] * arrays.node_count
    waiting = arrays.in_degree.tolist()
    for order in orders:
        for node, successor in pairwise(order):
            following[node] = successor
            waiting[successor] += 1
    duration = arrays.duration.tolist()
    start = np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)[arrays.job].tolist()
    successors = arrays.successors
    ready = [node for node, count in enumerate(waiting) if not count]
    for node in ready:  # grows while it is read
        end = start[node] + duration[node]
        after = successors[node] if following[node] < 0 else [*successors[node], (following[node], 0)]
        for successor, lag in after:
            start[successor] = max(start[successor], end + lag)
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
    if len(ready) < arrays.node_count or sum(map(len, orders)) < arrays.task_count:
        raise NotApplicable("the order of tasks on the devices deadlocks")
    return np.array(start, dtype=np.int64)


def with_milestones(starts: Int64Array, arrays: TaskArrays, milestones: Iterable[int]) -> Int64Array:
    """Place milestones, which no schedule lists, at the end of what they wait for.

    Parameters
    ----------
    starts
        Start of every node, shape (nodes,), in ticks; changed in place and returned.
    milestones
        Nodes in an order in which none waits for a later one.
    """
    for node in milestones:
        before = arrays.edge_target == node
        sources = arrays.edge_source[before]
        starts[node] = (starts[sources] + arrays.duration[sources] + arrays.edge_lag[before]).max()
    return starts
