"""Streams: all microbatches in one sequence, a job's after another's, and list schedules that follow it.

Where unequal jobs go through the devices in the same order and share tight memory, taking turns microbatch
by microbatch leaves idle time on every device. In blocks they leave it only where one job follows another,
and at the begin and end: there a few microbatches of one job, then all of the others, use the memory best.
Each such stream leads to schedules of its own, which annealing does not turn into those of another one.
"""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from gapweave.models.task_arrays import KIND_COUNT, Int64Array
from gapweave.solver.incumbent import Incumbent, Line
from gapweave.solver.kernels import Preparation, prepare_orders
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.order_search import search_orders
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.stopping import Stopping

#: Most tasks for which a short annealing tells which streams are good.
_MOST_TASKS = 5_000
#: Gap from which on streams are tried.
_LEAST_GAP = 0.005
#: Microbatches of a job that go before all others, as shares of what memory holds.
_SHARES_BEFORE = (0.25, 0.375, 0.5, 0.625, 0.75)
#: List schedules tried for each stream.
_SCHEDULES = 100
#: Streams that are annealed, those with the best list schedules, and effort for each per task, in nodes.
_MOST_ANNEALED = 4
_ANNEALING_EFFORT = 10_000

#: A sequence of microbatches: the job of each.
Stream = tuple[int, ...]


def search_streams(
    problem: Problem, incumbent: Incumbent, stopping: Stopping, seed: int, threads: int
) -> None:
    """Offer annealed schedules along streams, if the jobs share their way and memory.

    What it finds is worth going on from, even where better schedules are known.
    """
    if not _suits(problem) or (incumbent.gap is not None and incumbent.gap < _LEAST_GAP):
        return
    incumbent.enter("streams")
    if not Preparation(prepare_orders).wait(stopping):
        return
    scheduler = ListScheduler(problem.arrays)
    effort = _ANNEALING_EFFORT * problem.arrays.task_count

    def follow(named: tuple[str, Stream]) -> None:
        name, stream = named
        incumbent.offer(_followed(problem, scheduler, stream, stopping, seed), name)

    def anneal(named: tuple[str, Stream]) -> None:
        name, _ = named
        line = Line.beside(incumbent, incumbent.by_source[name].starts)
        search_orders(problem, line, stopping, seed, effort=effort)
        incumbent.offer(line.starts, name)

    with ThreadPoolExecutor(threads) as pool:
        tried = list(streams(problem))
        list(pool.map(follow, tried))
        found = [named for named in tried if named[0] in incumbent.by_source]
        found.sort(key=lambda named: incumbent.by_source[named[0]].makespan)
        list(pool.map(anneal, found[:_MOST_ANNEALED]))


def streams(problem: Problem) -> Iterator[tuple[str, Stream]]:
    """Yield the streams to try, with names: some of one job, all of the others, the rest of the first."""
    counts = [job.microbatch_count for job in problem.instance.jobs]
    fitting = _fitting(problem)
    for outer, count in enumerate(counts):
        inner = [job for job, own in enumerate(counts) if job != outer for _ in range(own)]
        for before in sorted({round(share * fitting) for share in _SHARES_BEFORE}):
            if 0 < before < count:
                stream = (*[outer] * before, *inner, *[outer] * (count - before))
                yield f"stream of {before} of job {outer}", stream


def _suits(problem: Problem) -> bool:
    """Whether unequal jobs take the same way through devices with limited memory."""
    jobs = problem.instance.jobs
    ways = {tuple(stage.device for stage in job.stages) for job in jobs}
    return (
        problem.mode == "joint"
        and problem.primary is None
        and len(ways) == 1 < len({job.stages for job in jobs})
        and problem.arrays.task_count <= _MOST_TASKS
        and any(free is not None for free in free_capacities(problem.instance))
    )


def _fitting(problem: Problem) -> int:
    """Return how many microbatches of the largest job fit into the memory of every device."""
    free = free_capacities(problem.instance)
    fitting = []
    for job in problem.instance.jobs:
        for stage in job.stages:
            own = free[stage.device]
            if own is not None and stage.memory.peak > 0:
                fitting.append(own // stage.memory.peak)
    return min(fitting, default=0)


def _followed(
    problem: Problem, scheduler: ListScheduler, stream: Stream, stopping: Stopping, seed: int
) -> Int64Array | None:
    """Return the best of some list schedules along a stream: starts, shape (nodes,), in ticks."""
    rng, arrays = random.Random(seed), problem.arrays
    places = np.zeros((len(problem.instance.jobs), len(stream)))
    for job in range(len(places)):
        own = np.flatnonzero(np.array(stream) == job)
        places[job, : len(own)] = own
    keys = places[arrays.job, np.maximum(arrays.microbatch, 0)]
    best = None
    for _ in range(_SCHEDULES):
        if stopping:
            break
        delay = np.zeros(KIND_COUNT)
        delay[:3] = rng.uniform(-2, 10), rng.uniform(-8, 0), rng.uniform(-2, 16)
        patience = [rng.choice((0.0, rng.uniform(0, 1.5))) for _ in "FBW"]
        starts = scheduler.run(keys + delay[arrays.kind], {}, patience)
        if starts is not None and (best is None or problem.makespan(starts) < problem.makespan(best)):
            best = starts
    return best
