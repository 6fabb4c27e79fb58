"""Stages whose memory is limited, and by when memory wants their releases."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gapweave.models.bounds.calendar import FOREVER, Calendar
from gapweave.models.bounds.memory_over_time import FreeMemory, Holding, latest_releases
from gapweave.models.bounds.memory_waits import freed
from gapweave.models.task_arrays import B, Block, F, Int64Array, TaskArrays, W


class StageMemory(NamedTuple):
    """The blocks of a stage whose device has limited memory."""

    forward: Block
    backward: Block
    weight: Block | None
    free: FreeMemory
    held: Holding


def constant_memory(arrays: TaskArrays) -> tuple[FreeMemory | None, ...]:
    """Return each device's capacity less what is resident; None is unlimited."""
    instance = arrays.instance
    return tuple(
        None
        if device.memory_capacity is None
        else FreeMemory(np.array([-FOREVER]), np.array([device.memory_capacity - resident]))
        for device, resident in zip(instance.devices, instance.resident_memory, strict=True)
    )


def stages_with_memory(
    arrays: TaskArrays, memory: Sequence[FreeMemory | None], first_job: int = 0
) -> Iterator[StageMemory]:
    """Yield the stages, of jobs from ``first_job`` on, that hold memory of devices where it is limited."""
    for forward in arrays.blocks:
        if forward.kind != F or forward.job < first_job or forward.step:
            continue
        held, free = arrays.instance.jobs[forward.job].stages[forward.stage].memory, memory[forward.device]
        backward = arrays.block(forward.job, B, forward.stage)
        if free is not None and held.forward and backward is not None:
            weight = arrays.block(forward.job, W, forward.stage)
            yield StageMemory(forward, backward, weight, free, Holding(held.forward, *freed(held)))


def memory_tails(
    stages: Sequence[StageMemory],
    tail: Int64Array,
    makespan: int = 0,
    head: Int64Array | None = None,
    calendars: Sequence[Calendar] = (),
) -> Int64Array:
    """Return what memory adds to the tails of backwards and weight gradients, shape (nodes,), in ticks.

    Parameters
    ----------
    tail
        Tails known so far, shape (nodes,).
    makespan
        Where tails count from; it matters only if memory or heads are given by time.
    head
        Heads, shape (nodes,); None: backwards are only known to follow their forwards.
    calendars
        When each device is free, in time that runs backwards from the makespan; default: always.
    """
    needed = np.zeros_like(tail)
    for stage in stages:
        latest = makespan - tail[span(stage.forward)] - stage.forward.duration
        if head is None:  # when the forwards 0 .. n have just started, at most n backwards have ended
            ended = np.append(latest[1:], FOREVER)
        else:
            ended = head[span(stage.backward)] + stage.backward.duration
        releases = latest_releases(stage.free, stage.held, latest, ended)
        for block, times in zip((stage.backward, stage.weight), releases, strict=True):
            if block is not None:
                needed[span(block)] = makespan - times
        calendar = calendars[stage.forward.device] if calendars else Calendar.open()
        by_work = _before_last_forwards(stage, tail, calendar)
        needed[span(stage.backward)] = np.maximum(needed[span(stage.backward)], by_work)
    return needed


def _before_last_forwards(stage: StageMemory, tail: Int64Array, calendar: Calendar) -> Int64Array:
    """Return what tails of backwards follow from the work between them and the last forward.

    While B[k] runs, its stage holds all of the microbatches from k on that have begun. With memory for n
    microbatches, F[k+n] and later ones start after B[k] ends. They, and those B and W after B[k] whose
    tails are no less than the last forward's, must all end as long before the makespan as that one does.
    """
    forward, count = stage.forward, stage.forward.size
    least = tail[forward.first + count - 1]
    most = int(stage.free.amounts.max()) // stage.held.claim
    number = np.arange(count, dtype=np.int64)
    forwards = np.maximum(0, count - most - number)
    work = forwards * forward.duration
    for block, first in ((stage.backward, number + 1), (stage.weight, number)):
        if block is not None:  # tails only fall from one microbatch to the next
            reaching = int((tail[span(block)] >= least).sum())
            work += np.maximum(0, reaching - first) * block.duration
    times = calendar.earliest_with(calendar.idle_until(np.array([least])) + work)
    return np.where(forwards > 0, times, 0)


def span(block: Block) -> slice:
    """Return where the block's nodes lie in arrays of shape (nodes,)."""
    return slice(block.first, block.first + block.size)
