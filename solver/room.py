"""What a pinned primary leaves free on each device: idle intervals and memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gapweave.models.instance import Instance
from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import NODE_KINDS, Int64Array, TaskArrays

Interval: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Room:
    """Free time and memory of one device.

    Attributes
    ----------
    busy
        [start, end) of its pinned tasks, sorted, in ticks.
    memory
        (time, amount) steps: from ``time`` on, at least ``amount`` memory stays free for good. Amounts
        never fall. None: unlimited.
    """

    busy: tuple[Interval, ...] = ()
    memory: tuple[tuple[int, int], ...] | None = None

    @property
    def final_memory(self) -> int | None:
        """Free memory once all pinned tasks are done."""
        return None if self.memory is None else self.memory[-1][1]

    def idle(self, horizon: int) -> list[Interval]:
        """Return the maximal intervals of [0, horizon) without a pinned task."""
        gaps, now = [], 0
        for start, end in self.busy:
            if start > now:
                gaps.append((now, start))
            now = end
        if horizon > now:
            gaps.append((now, horizon))
        return gaps


def rooms(arrays: TaskArrays, pinned: Int64Array | None = None) -> tuple[Room, ...]:
    """Return the room on every device.

    Parameters
    ----------
    arrays
        The tasks.
    pinned
        Start of each pinned node, -1 for the free ones, shape (nodes,); None: nothing is pinned.
    """
    busy: list[list[Interval]] = [[] for _ in arrays.instance.devices]
    changes: list[list[tuple[int, int]]] = [[] for _ in arrays.instance.devices]
    if pinned is not None:
        effects = memory_effects(arrays.instance)
        for block in arrays.blocks:
            if block.device < 0 or pinned[block.first] < 0:
                continue
            _, delta = effects.get((block.job, block.stage, NODE_KINDS[block.kind]), (block.device, 0))
            for start in pinned[block.first : block.first + block.size].tolist():
                end = start + block.duration
                busy[block.device].append((start, end))
                if delta:
                    changes[block.device].append((start if delta > 0 else end, delta))
    return tuple(
        Room(tuple(sorted(intervals)), _free_for_good(capacity, deltas))
        for intervals, deltas, capacity in zip(busy, changes, free_capacities(arrays.instance), strict=True)
    )


def free_capacities(instance: Instance) -> list[int | None]:
    """Return each device's capacity less what is resident; None is unlimited."""
    return [
        None if device.memory_capacity is None else device.memory_capacity - resident
        for device, resident in zip(instance.devices, instance.resident_memory, strict=True)
    ]


def _free_for_good(
    capacity: int | None, changes: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...] | None:
    """Return the steps of ``capacity - max(level from now on)``; the level is ``changes`` summed up."""
    if capacity is None:
        return None
    levels: list[tuple[int, int]] = [(0, 0)]
    for time, delta in sorted(changes):  # at one instant releases (negative) come first
        levels.append((time, levels[-1][1] + delta))
    steps: list[tuple[int, int]] = []
    highest, until = 0, None
    for time, level in reversed(levels):
        # The level holds from `time` to the next change; walking back, the maximum from `time` on grows.
        if until is None or level > highest:
            if until is not None:
                steps.append((until, capacity - highest))
            highest = max(highest, level)
        until = time
    steps.append((0, capacity - highest))
    return tuple(reversed(steps))
