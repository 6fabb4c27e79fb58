"""Lower bound: each device alone, with heads and tails (preemptive Jackson schedule).

References
----------
J. Carlier, E. Pinson, "An algorithm for solving the job-shop problem", Management Science 35 (1989),
doi:10.1287/mnsc.35.2.164: the preemptive schedule that always runs the available task with the longest tail
is optimal for the preemptive relaxation, and a critical set of tasks shows its value.
"""

import heapq

import numpy as np

from gapweave.models.bounds import HeadsTails
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.proven import ProvenBound


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
    heads, durations, tails = head[order].tolist(), duration[order].tolist(), tail[order].tolist()
    available: list[tuple[int, int]] = []  # (-tail, remaining)
    stretches: list[tuple[int, int]] = []  # (tail, start), tails strictly increasing
    best = (-1, 0, 0)
    now, upcoming, count = 0, 0, len(heads)
    while available or upcoming < count:
        if not available and now < heads[upcoming]:
            now = heads[upcoming]
            stretches.clear()
        while upcoming < count and heads[upcoming] <= now:
            heapq.heappush(available, (-tails[upcoming], durations[upcoming]))
            upcoming += 1
        negative_tail, remaining = heapq.heappop(available)
        current = -negative_tail
        begin = now
        while stretches and stretches[-1][0] >= current:
            _, begin_of_longer = stretches.pop()
            begin = begin_of_longer
        stretches.append((current, begin))
        until = heads[upcoming] if upcoming < count else now + remaining
        now, ran = min(until, now + remaining), min(until - now, remaining)
        if ran < remaining:
            heapq.heappush(available, (negative_tail, remaining - ran))
        else:
            best = max(best, (now + current, begin, current), key=lambda run: run[0])
    return best[1], best[2]
