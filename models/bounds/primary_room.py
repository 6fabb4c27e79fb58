"""What the primary leaves of each device to the other jobs: idle intervals and memory over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gapweave.models.bounds.calendar import FOREVER, Calendar
from gapweave.models.bounds.heads_tails import HeadsTails
from gapweave.models.bounds.memory_over_time import FreeMemory
from gapweave.models.memory import memory_effects
from gapweave.models.schedule import Primary, PrimaryTask
from gapweave.models.task_arrays import NODE_KINDS, Int64Array, TaskArrays


class _Span(NamedTuple):
    """A task of the primary, and between which times it starts."""

    device: int
    duration: int
    earliest: int
    latest: int
    delta: int


@dataclass(frozen=True, eq=False)
class PrimaryRoom:
    """Idle intervals, free memory (None: unlimited) and the primary's tasks, device by device.

    A task that starts between ``earliest`` and ``latest`` certainly runs in [latest, earliest + duration):
    only the rest of the time counts as idle. Memory is free unless the primary certainly holds it.

    Attributes
    ----------
    end
        No schedule ends before this, in ticks.
    spans
        The primary's tasks on each device, shape (tasks, 5): device, duration, earliest and latest start,
        and what they claim (+) or free (-).
    """

    calendars: tuple[Calendar, ...]
    memory: tuple[FreeMemory | None, ...]
    end: int
    spans: tuple[Int64Array, ...]

    @classmethod
    def of(cls, paths: HeadsTails, primary: Primary) -> "PrimaryRoom":
        """Return the room beside a primary that is pinned, or else has a limit (ValueError, as below)."""
        if primary.tasks is not None:
            return cls.beside(paths.arrays, primary.tasks)
        return cls.within(paths, primary.limit)

    @classmethod
    def beside(cls, arrays: TaskArrays, tasks: tuple[PrimaryTask, ...]) -> "PrimaryRoom":
        """Return the room beside tasks of job 0 that are pinned.

        Raises
        ------
        ValueError
            A task is none of the job's, or starts at an impossible time.
        """
        return cls._around(arrays, _pinned_spans(arrays, tasks))

    @classmethod
    def within(cls, paths: HeadsTails, limit: int) -> "PrimaryRoom":
        """Return the room that job 0 leaves certainly if it ends by the limit."""
        return cls._around(paths.arrays, _limited_spans(paths, limit))

    @classmethod
    def _around(cls, arrays: TaskArrays, spans: Iterable[_Span]) -> "PrimaryRoom":
        instance = arrays.instance
        by_device: list[list[_Span]] = [[] for _ in instance.devices]
        for span in spans:
            by_device[span.device].append(span)
        calendars = tuple(Calendar.around(sorted(_certain(own))) for own in by_device)
        return cls(
            calendars,
            tuple(
                None if device.memory_capacity is None else _free(device.memory_capacity - resident, own)
                for device, resident, own in zip(
                    instance.devices, instance.resident_memory, by_device, strict=True
                )
            ),
            max((int(calendar.begins[-1]) for calendar in calendars), default=0),
            tuple(np.array(own, dtype=np.int64).reshape(-1, len(_Span._fields)) for own in by_device),
        )

    def room_between(self, device: int, start: int, stop: int) -> int:
        """Return the most time between two that all of the primary's tasks leave on a device.

        However it moves, a task does at least ``min(d, earliest + d - start, stop - latest)`` of its work
        between two times.
        """
        _, duration, earliest, latest, _ = self.spans[device].T
        least = np.minimum(duration, np.minimum(earliest + duration - start, stop - latest))
        return stop - start - int(np.minimum(np.maximum(least, 0), stop - start).sum())


def _pinned_spans(arrays: TaskArrays, tasks: tuple[PrimaryTask, ...]) -> Iterator[_Span]:
    effects = memory_effects(arrays.instance)
    for kind, stage, _, start in tasks:
        block = arrays.block(0, NODE_KINDS.index(kind), stage)
        if block is None or not 0 <= start < FOREVER // 2**10:
            raise ValueError("the primary has no such task, or no such time")
        _, delta = effects.get((0, stage, kind), (0, 0))
        yield _Span(block.device, block.duration, start, start, delta)


def _limited_spans(paths: HeadsTails, limit: int) -> Iterator[_Span]:
    effects = memory_effects(paths.arrays.instance)
    for block in paths.arrays.blocks:
        if block.job or block.device < 0:
            continue
        _, delta = effects.get((0, block.stage, NODE_KINDS[block.kind]), (0, 0))
        nodes = slice(block.first, block.first + block.size)
        latest = limit - paths.tail[nodes] - block.duration
        for earliest, last in zip(paths.head[nodes].tolist(), latest.tolist(), strict=True):
            yield _Span(block.device, block.duration, earliest, last, delta)


def _certain(spans: Iterable[_Span]) -> Iterator[tuple[int, int]]:
    """Yield the intervals in which the tasks certainly run."""
    for _, duration, earliest, latest, _ in spans:
        if latest < earliest + duration:
            yield latest, earliest + duration


def _free(capacity: int, spans: Iterable[_Span]) -> FreeMemory:
    """Return ``capacity - level`` after all changes at each time, for the least possible level.

    A claim counts from the latest start of its task on, a release from the earliest end on.
    """
    changes = [
        (span.latest if span.delta > 0 else span.earliest + span.duration, span.delta)
        for span in spans
        if span.delta
    ]
    times, where = np.unique(np.array([-FOREVER, *(time for time, _ in changes)]), return_inverse=True)
    steps: Int64Array = np.zeros(len(times), dtype=np.int64)
    np.add.at(steps, where, np.array([0, *(delta for _, delta in changes)], dtype=np.int64))
    return FreeMemory(times, capacity - np.cumsum(steps))
