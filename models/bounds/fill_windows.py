"""Mode ``fill``: between which times the free tasks can run, given the pinned primary and a makespan."""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.bounds.gap_sums import with_usable
from gapweave.models.bounds.heads_tails import BlockGraph
from gapweave.models.bounds.memory_over_time import (
    FreeMemory,
    Holding,
    earliest_claims,
    latest_releases,
)
from gapweave.models.bounds.memory_waits import freed, memory_waits
from gapweave.models.bounds.pinned_room import PinnedRoom
from gapweave.models.task_arrays import B, Block, F, Int64Array, TaskArrays, W

#: Rounds of raising heads (or tails), for so many nodes and fewer; larger problems have fewer rounds.
_NODES_TIMES_ROUNDS = 400_000
_FEWEST_ROUNDS = 2


class _StageMemory(NamedTuple):
    """A stage of a free job whose memory is limited."""

    forward: Block
    backward: Block
    weight: Block | None
    free: FreeMemory
    held: Holding


class FillWindows:
    """Heads of the free tasks, and their tails for any makespan, around a pinned primary.

    Parameters
    ----------
    arrays
        All tasks, one step of each job.
    room
        What the primary leaves free.
    """

    def __init__(self, arrays: TaskArrays, room: PinnedRoom) -> None:
        self.arrays = arrays
        self.room = room
        self._graph = BlockGraph(arrays, first_job=1)
        self._stages = list(self._stages_with_memory())
        self._rounds = max(_FEWEST_ROUNDS, _NODES_TIMES_ROUNDS // max(1, arrays.node_count))

    @property
    def free(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each task is free, shape (tasks,)."""
        return self.arrays.job[: self.arrays.task_count] > 0

    @cached_property
    def calendars(self) -> tuple[Calendar, ...]:
        """Idle intervals of each device, with what whole tasks can use of them."""
        head = self._heads(self.room.calendars)
        return tuple(
            with_usable(calendar, self.arrays, device, head)
            for device, calendar in enumerate(self.room.calendars)
        )

    @cached_property
    def head(self) -> Int64Array:
        """No schedule starts a free task sooner, shape (nodes,), in ticks; 0 for the primary's."""
        return self._heads(self.calendars)

    def tails(self, makespan: int) -> Int64Array:
        """Return the times between each free task's latest end and the makespan, shape (nodes,).

        They hold for schedules of this makespan or a shorter one. If there is none, some task may be left
        without time to run: ``head + duration + tail > makespan``.
        """
        calendars = tuple(calendar.until(makespan).mirrored(makespan) for calendar in self.calendars)
        tail = self._graph.tails(np.zeros(self.arrays.node_count, dtype=np.int64), calendars)
        for _ in range(self._rounds):
            needed = self._memory_tails(tail, makespan)
            if (needed <= tail).all() or (self.head + self.arrays.duration + tail > makespan).any():
                break
            tail = self._graph.tails(np.maximum(needed, tail), calendars)
        return tail

    def excess(self, makespan: int, tail: Int64Array, device: int, head: int, least_tail: int) -> int:
        """Return by how much the tasks with at least this head and tail overfill the time they have."""
        nodes = np.flatnonzero(self.free & (self.arrays.device[: self.arrays.task_count] == device))
        chosen = nodes[(self.head[nodes] >= head) & (tail[nodes] >= least_tail)]
        work = int(self.arrays.duration[chosen].sum())
        return work - self.calendars[device].room_between(head, makespan - least_tail)

    def _heads(self, calendars: tuple[Calendar, ...]) -> Int64Array:
        releases = np.array([job.release for job in self.arrays.instance.jobs], dtype=np.int64)
        ready = np.where(self.arrays.job > 0, releases[self.arrays.job], 0)
        head = self._graph.heads(ready, calendars)
        for _ in range(self._rounds):
            waits = self._memory_heads(head, calendars)
            if (waits <= head).all():
                break
            head = self._graph.heads(np.maximum(waits, head), calendars)
        return head

    def _memory_heads(self, head: Int64Array, calendars: tuple[Calendar, ...]) -> Int64Array:
        waits = np.zeros_like(head)
        by_work = memory_waits(self.arrays, head, calendars, first_job=1)
        for stage in self._stages:
            ends = (_times(head, block) + _duration(block) for block in (stage.backward, stage.weight))
            earliest = earliest_claims(stage.free, stage.held, stage.forward.size, *ends)
            waits[_span(stage.forward)] = earliest
        return waits if by_work is None else np.maximum(waits, by_work)

    def _memory_tails(self, tail: Int64Array, makespan: int) -> Int64Array:
        needed = np.zeros_like(tail)
        for stage in self._stages:
            latest = makespan - _times(tail, stage.forward) - stage.forward.duration
            ended = _times(self.head, stage.backward) + stage.backward.duration
            releases = latest_releases(stage.free, stage.held, latest, ended)
            for block, times in zip((stage.backward, stage.weight), releases, strict=True):
                if block is not None:
                    needed[_span(block)] = makespan - times
        return needed

    def _stages_with_memory(self) -> Iterator[_StageMemory]:
        for forward in self.arrays.blocks:
            if forward.kind != F or not forward.job or forward.step:
                continue
            memory = self.arrays.instance.jobs[forward.job].stages[forward.stage].memory
            free = self.room.memory[forward.device]
            backward = self.arrays.block(forward.job, B, forward.stage)
            if free is not None and memory.forward and backward is not None:
                weight = self.arrays.block(forward.job, W, forward.stage)
                yield _StageMemory(forward, backward, weight, free, Holding(memory.forward, *freed(memory)))


def _span(block: Block) -> slice:
    return slice(block.first, block.first + block.size)


def _times(values: Int64Array, block: Block | None) -> Int64Array:
    return np.zeros(0, dtype=np.int64) if block is None else values[_span(block)]


def _duration(block: Block | None) -> int:
    return 0 if block is None else block.duration
