"""Steps one after the other, each as its job would run alone, pushed more and more into each other.

Whole steps in a row always repeat with the sum of their makespans. Where the next one starts earlier, its
warm-up hides in the drain of the one before; only the orders that result are kept, and timed again.
"""

from collections.abc import Iterator
from itertools import islice, product

import numpy as np

from gapweave.models.errors import NotApplicable
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.heuristics import heuristic, single_job_policies
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import CyclicOrders
from gapweave.solver.steady.sequence import step_order

#: Most combinations of policies, and how far the steps are pushed together in each.
_MOST_COMBINATIONS = 16
_SQUEEZES = 12


def overlapped_steps(graph: CyclicGraph, least: int) -> Iterator[CyclicOrders]:
    """Yield orders from whole steps in a row to a period of ``least`` ticks, for several policies."""
    alone = [_alone(graph, job) for job in range(len(graph.instance.jobs))]
    for squeeze in np.linspace(1.0, 0.0, _SQUEEZES).tolist():
        for chosen in islice(product(*alone), _MOST_COMBINATIONS):
            yield _overlapped(graph, chosen, least, squeeze)


def _alone(graph: CyclicGraph, job: int) -> list[tuple[Int64Array, int]]:
    """Return distinct schedules of one step of a job, best first: starts of its tasks, and makespan."""
    arrays = TaskArrays.build(graph.instance.with_jobs(job))
    found: dict[bytes, tuple[Int64Array, int]] = {}
    for name in single_job_policies():
        try:
            starts = heuristic(name).plan(arrays).starts
        except NotApplicable:
            continue
        makespan = int((starts + arrays.duration).max())
        found[starts.tobytes()] = (starts[: arrays.task_count], makespan)
    return sorted(found.values(), key=lambda pair: pair[1])[:4]


def _overlapped(
    graph: CyclicGraph, chosen: tuple[tuple[Int64Array, int], ...], least: int, squeeze: float
) -> CyclicOrders:
    arrays = graph.arrays
    blocks = step_order(arrays)
    total = sum(chosen[job][1] for job, _ in blocks)
    period = max(least, round(least + squeeze * (total - least)))
    starts = np.zeros(arrays.node_count, dtype=np.int64)
    begin = 0
    for job, step in blocks:
        own = np.flatnonzero((arrays.job == job) & (arrays.step == step))
        tasks = own[own < arrays.task_count]
        starts[tasks] = chosen[job][0] + begin * period // total
        begin += chosen[job][1]
    opening = [starts[nodes].min(initial=0) for nodes in _first_job(arrays)]
    return CyclicOrders.read(graph, starts, period, np.array(opening, dtype=np.int64))


def _first_job(arrays: TaskArrays) -> Iterator[Int64Array]:
    """Yield for each device its tasks of the first step in the period, if it has any."""
    tasks = np.arange(arrays.task_count)
    first = (arrays.job[tasks] == 0) & (arrays.step[tasks] == 0)
    for device in range(len(arrays.instance.devices)):
        yield tasks[first & (arrays.device[tasks] == device)]
