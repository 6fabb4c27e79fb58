"""Lower bound: each device alone, with heads and tails (preemptive Jackson schedule).

References
----------
J. Carlier, E. Pinson, "An algorithm for solving the job-shop problem", Management Science 35 (1989),
doi:10.1287/mnsc.35.2.164: the preemptive schedule that always runs the available task with the longest tail
is optimal for the preemptive relaxation, and a critical set of tasks shows its value.
"""

import numpy as np

from gapweave.models.bounds import HeadsTails
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.proven import ProvenBound
from gapweave.solver.compiled import allocating, compiled


def propose(paths: HeadsTails) -> ProvenBound:
    """Solve the preemptive relaxation of every device and keep the largest value."""
    arrays = paths.arrays
    best = (0, 0, 0, 0)
    for device in range(len(arrays.instance.devices)):
        nodes = np.flatnonzero(arrays.device == device)
        if len(nodes):
            head, tail = critical_set(paths.head[nodes], arrays.duration[nodes], paths.tail[nodes])
            chosen = nodes[(paths.head[nodes] >= head) & (paths.tail[nodes] >= tail)]
            best = max(best, (head + int(arrays.duration[chosen].sum()) + tail, -device, head, tail))
    value, negative_device, head, tail = best
    certificate = {"device": -negative_device, "head": head, "tail": tail}
    return ProvenBound(value, Bound(argument="one-machine", certificate=certificate))


def critical_set(head: Int64Array, duration: Int64Array, tail: Int64Array) -> tuple[int, int]:
    """Return the head and tail thresholds of the set of tasks that proves the preemptive optimum.

    Parameters
    ----------
    head, duration, tail
        Shape (tasks,), in ticks.

    Notes
    -----
    Every time a task ends, it closes a *run*: the unbroken stretch of time before its end in which only
    tasks with at least its tail ran. The run with the largest end + tail is critical: all tasks in it
    have heads no smaller than the run's start. A run's start is found on a stack of (tail, start of the
    stretch in which no shorter tail ran).
    """
    order = np.argsort(head, kind="stable")
    begin, least_tail = _critical_run(head[order], duration[order], tail[order])
    return int(begin), int(least_tail)


@allocating
def _critical_run(heads, durations, tails):  # type: ignore[no-untyped-def]
    """Return start and least tail of the critical run; tasks are sorted by head."""
    count = len(heads)
    available = np.empty((count, 2), np.int64)  # binary heap of (tail, remaining), longest tail first
    size = 0
    stretches = np.empty((count + 1, 2), np.int64)  # (tail, start), tails strictly increasing
    depth = 0
    best, best_begin, best_tail = -1, 0, 0
    now, upcoming = 0, 0
    while size > 0 or upcoming < count:
        if size == 0 and now < heads[upcoming]:
            now = heads[upcoming]
            depth = 0
        while upcoming < count and heads[upcoming] <= now:
            available[size, 0], available[size, 1] = tails[upcoming], durations[upcoming]
            _sift_up(available, size)
            size += 1
            upcoming += 1
        current, remaining = available[0]
        begin = now
        while depth > 0 and stretches[depth - 1, 0] >= current:
            depth -= 1
            begin = stretches[depth, 1]
        stretches[depth, 0], stretches[depth, 1] = current, begin
        depth += 1
        until = heads[upcoming] if upcoming < count else now + remaining
        if until - now < remaining:
            available[0, 1] = remaining - (until - now)
            now = until
            continue
        now += remaining
        if now + current > best:
            best, best_begin, best_tail = now + current, begin, current
        size -= 1
        available[0, 0], available[0, 1] = available[size, 0], available[size, 1]
        _sift_down(available, size)
    return best_begin, best_tail


@compiled
def _sift_up(heap, hole):  # type: ignore[no-untyped-def]
    """Move the last entry of a heap up to its place."""
    tail, remaining = heap[hole]
    while hole > 0 and heap[(hole - 1) // 2, 0] < tail:
        heap[hole, 0], heap[hole, 1] = heap[(hole - 1) // 2, 0], heap[(hole - 1) // 2, 1]
        hole = (hole - 1) // 2
    heap[hole, 0], heap[hole, 1] = tail, remaining


@compiled
def _sift_down(heap, size):  # type: ignore[no-untyped-def]
    """Move the first entry of a heap down to its place."""
    tail, remaining = heap[0]
    hole = 0
    while 2 * hole + 1 < size:
        child = 2 * hole + 1
        if child + 1 < size and heap[child + 1, 0] > heap[child, 0]:
            child += 1
        if heap[child, 0] <= tail:
            break
        heap[hole, 0], heap[hole, 1] = heap[child, 0], heap[child, 1]
        hole = child
    heap[hole, 0], heap[hole, 1] = tail, remaining
