"""Event-driven list scheduling: memory-safe, free of deadlocks, around pinned tasks if there are any.

Each device that has nothing to do starts the ready task with the smallest key. Within one block (job, kind,
stage) microbatches run in order, so a device looks at one candidate per block.

Deadlocks cannot happen: before a forward claims memory, enough must remain that every other unfinished stage
on the device can hold one microbatch. So each stage always holds its oldest microbatch or can take it, and
the oldest microbatch of a job finds every stage on its way willing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gapweave.models.instance import Stage
from gapweave.models.task_arrays import KIND_COUNT, B, F, Int64Array, TaskArrays, W
from gapweave.solver.list_kernel import Layout, simulate
from gapweave.solver.room import rooms
from gapweave.solver.slices import pointers, pointers_by

UNLIMITED = 2**62


class ListScheduler:
    """Builds schedules of one instance for any keys and in-flight limits.

    Parameters
    ----------
    arrays
        The tasks.
    pinned
        Start of each pinned node, -1 for the free ones, shape (nodes,); None: all tasks are free.
    reserving
        Whether a forward leaves every other stage of its device room for one microbatch. Jobs along one path
        cannot deadlock without it.
    """

    def __init__(
        self, arrays: TaskArrays, pinned: Int64Array | None = None, *, reserving: bool = True
    ) -> None:
        starts = np.full(arrays.node_count, -1, dtype=np.int64) if pinned is None else pinned
        free_blocks = [block for block in arrays.blocks if block.device >= 0 and starts[block.first] < 0]
        by_device = sorted(free_blocks, key=lambda block: block.device)
        devices = range(len(arrays.instance.devices))
        self.groups = list(dict.fromkeys((block.device, block.job, block.stage) for block in by_device))
        number = {(job, stage): index for index, (_, job, stage) in enumerate(self.groups)}
        stages = [arrays.instance.jobs[job].stages[stage] for _, job, stage in self.groups]
        forwards = np.zeros(len(self.groups), dtype=np.int64)
        for block in by_device:
            if block.kind == F:
                forwards[number[block.job, block.stage]] += block.size
        stage_of = {block: stages[number[block.job, block.stage]] for block in by_device}
        own_rooms = rooms(arrays, pinned)
        order = np.argsort(arrays.edge_source, kind="stable")
        self._layout = Layout(
            starts=starts,
            releases=_releases(arrays),
            in_degrees=arrays.in_degree.astype(np.int64),
            devices=arrays.device,
            successor_ptr=pointers_by(arrays.edge_source, arrays.node_count),
            successors=arrays.edge_target[order],
            lags=arrays.edge_lag[order],
            lane_ptr=pointers([sum(block.device == device for block in by_device) for device in devices]),
            lane_kind=_array(block.kind for block in by_device),
            lane_duration=_array(block.duration for block in by_device),
            lane_first=_array(block.first for block in by_device),
            lane_stop=_array(block.first + block.size for block in by_device),
            lane_group=_array(number[block.job, block.stage] for block in by_device),
            lane_freed=_array(_freed(block.kind, stage_of[block]) for block in by_device),
            group_ptr=pointers([sum(own == device for own, *_ in self.groups) for device in devices]),
            group_peak=_array(stage.memory.peak for stage in stages),
            group_forwards=forwards,
            busy_ptr=pointers([len(room.busy) for room in own_rooms]),
            busy_start=_array(start for room in own_rooms for start, _ in room.busy),
            busy_end=_array(end for room in own_rooms for _, end in room.busy),
            step_ptr=pointers([len(room.memory or ()) for room in own_rooms]),
            step_time=_array(time for room in own_rooms for time, _ in room.memory or ()),
            step_free=_array(free for room in own_rooms for _, free in room.memory or ()),
        )
        together = sum if reserving else max
        self._can_hold_one_each = all(
            room.final_memory is None
            or together(
                [0]
                + [
                    stage.memory.peak
                    for (own, *_), stage in zip(self.groups, stages, strict=True)
                    if own == device
                ]
            )
            <= room.final_memory
            for device, room in enumerate(own_rooms)
        )
        if not reserving:
            self._layout = self._layout._replace(group_ptr=np.zeros_like(self._layout.group_ptr))

    def run(
        self,
        keys: Sequence[float] | np.ndarray[Any, np.dtype[np.float64]],
        limits: Mapping[tuple[int, int], int],
        patience: Sequence[float] = (),
        releases: Int64Array | None = None,
    ) -> Int64Array | None:
        """Schedule all free tasks.

        Parameters
        ----------
        keys
            One number per node; a device starts the ready task with the smallest.
        limits
            Most microbatches between F's start and B's end, per (job, stage); absent means unlimited.
        patience
            Per kind: a device passes over a task of this kind if one with a smaller key becomes ready within
            this share of the task's duration; absent means 0, never wait.
        releases
            No node starts before its own one, shape (nodes,), in ticks; None: those of the jobs.

        Returns
        -------
        ndarray or None
            Starts of all nodes, shape (nodes,), in ticks; None if memory cannot hold one microbatch of
            every stage at a time, or in a deadlock.
        """
        if not self._can_hold_one_each:
            return None
        waits = np.zeros(KIND_COUNT)
        waits[: len(patience)] = patience
        most = _array(max(1, limits.get((job, stage), UNLIMITED)) for _, job, stage in self.groups)
        layout = self._layout if releases is None else self._layout._replace(releases=releases)
        starts: Int64Array = simulate(layout, np.asarray(keys, dtype=np.float64), most, waits)
        return starts if starts.min() >= 0 else None


def _releases(arrays: TaskArrays) -> Int64Array:
    per_job = np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)
    return per_job[arrays.job]


def _array(values: Iterable[int]) -> Int64Array:
    return np.array(list(values), dtype=np.int64)


def _freed(kind: int, stage: Stage) -> int:
    """Memory that a task frees (negative: claims), if F claims a microbatch's peak at once."""
    memory = stage.memory
    if kind == F:
        return -memory.peak
    if kind == B:
        return memory.peak + memory.weight
    return -memory.weight if kind == W else 0
