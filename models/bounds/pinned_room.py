"""What a pinned primary leaves of each device to the other jobs: idle intervals and memory over time."""

from dataclasses import dataclass

import numpy as np

from gapweave.models.bounds.calendar import FOREVER, Calendar
from gapweave.models.bounds.memory_over_time import FreeMemory
from gapweave.models.memory import memory_effects
from gapweave.models.schedule import PrimaryTask
from gapweave.models.task_arrays import NODE_KINDS, Int64Array, TaskArrays


@dataclass(frozen=True, eq=False)
class PinnedRoom:
    """Idle intervals and free memory of each device; None: unlimited memory."""

    calendars: tuple[Calendar, ...]
    memory: tuple[FreeMemory | None, ...]
    end: int

    @classmethod
    def beside(cls, arrays: TaskArrays, tasks: tuple[PrimaryTask, ...]) -> "PinnedRoom":
        """Return the room beside the tasks of job 0.

        Raises
        ------
        ValueError
            A task is none of the job's, or starts at an impossible time.
        """
        devices = arrays.instance.devices
        busy: list[list[tuple[int, int]]] = [[] for _ in devices]
        changes: list[list[tuple[int, int]]] = [[] for _ in devices]
        effects = memory_effects(arrays.instance)
        for kind, stage, _, start in tasks:
            block = arrays.block(0, NODE_KINDS.index(kind), stage)
            if block is None or not 0 <= start < FOREVER // 2**10:
                raise ValueError("the primary has no such task, or no such time")
            end = start + block.duration
            busy[block.device].append((start, end))
            _, delta = effects.get((0, stage, kind), (0, 0))
            changes[block.device].append((start if delta > 0 else end, delta))
        return cls(
            tuple(Calendar.around(sorted(intervals)) for intervals in busy),
            tuple(
                None if device.memory_capacity is None else _free(device.memory_capacity - resident, deltas)
                for device, resident, deltas in zip(
                    devices, arrays.instance.resident_memory, changes, strict=True
                )
            ),
            max((end for intervals in busy for _, end in intervals), default=0),
        )


def _free(capacity: int, changes: list[tuple[int, int]]) -> FreeMemory:
    """Return ``capacity - level`` after all changes at each time."""
    times, where = np.unique(np.array([-FOREVER, *(time for time, _ in changes)]), return_inverse=True)
    steps: Int64Array = np.zeros(len(times), dtype=np.int64)
    np.add.at(steps, where, np.array([0, *(delta for _, delta in changes)], dtype=np.int64))
    return FreeMemory(times, capacity - np.cumsum(steps))
