"""Mode ``fill``: between which times the free tasks can run, given the pinned primary and a makespan."""

from functools import cached_property

import numpy as np

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.bounds.gap_sums import with_usable
from gapweave.models.bounds.heads_tails import BlockGraph
from gapweave.models.bounds.memory_over_time import earliest_claims
from gapweave.models.bounds.memory_waits import memory_waits
from gapweave.models.bounds.primary_room import PrimaryRoom
from gapweave.models.bounds.stage_memory import memory_tails, span, stages_with_memory
from gapweave.models.task_arrays import Block, Int64Array, TaskArrays

#: Rounds of raising heads (or tails), for so many nodes and fewer; larger problems have fewer rounds.
_NODES_TIMES_ROUNDS = 800_000
_FEWEST_ROUNDS = 2


class Windows:
    """Heads of the free tasks, and their tails for any makespan, around a pinned primary.

    Parameters
    ----------
    arrays
        All tasks, one step of each job.
    room
        What the primary leaves free.
    """

    def __init__(self, arrays: TaskArrays, room: PrimaryRoom) -> None:
        self.arrays = arrays
        self.room = room
        self._graph = BlockGraph(arrays, first_job=1)
        self._stages = list(stages_with_memory(arrays, room.memory, first_job=1))
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
            needed = memory_tails(self._stages, tail, makespan, self.head, calendars)
            if (needed <= tail).all() or (self.head + self.arrays.duration + tail > makespan).any():
                break
            tail = self._graph.tails(np.maximum(needed, tail), calendars)
        return tail

    def excess(self, makespan: int, tail: Int64Array, device: int, head: int, least_tail: int) -> int:
        """Return by how much the tasks with at least this head and tail overfill the time they have."""
        nodes = np.flatnonzero(self.free & (self.arrays.device[: self.arrays.task_count] == device))
        chosen = nodes[(self.head[nodes] >= head) & (tail[nodes] >= least_tail)]
        work = int(self.arrays.duration[chosen].sum())
        stop = max(head, makespan - least_tail)
        room = self.calendars[device].room_between(head, stop)
        return work - min(room, self.room.room_between(device, head, stop))

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
            waits[span(stage.forward)] = earliest
        return waits if by_work is None else np.maximum(waits, by_work)


def _times(values: Int64Array, block: Block | None) -> Int64Array:
    return np.zeros(0, dtype=np.int64) if block is None else values[span(block)]


def _duration(block: Block | None) -> int:
    return 0 if block is None else block.duration
