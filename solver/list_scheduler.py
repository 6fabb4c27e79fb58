"""Event-driven list scheduling: memory-safe, free of deadlocks, around pinned tasks if there are any.

Each device that has nothing to do starts the ready task with the smallest key. Within one block (job, kind,
stage) microbatches run in order, so a device looks at one candidate per block.

Deadlocks cannot happen: before a forward claims memory, enough must remain that every other unfinished stage
on the device can hold one microbatch. So each stage always holds its oldest microbatch or can take it, and
the oldest microbatch of a job finds every stage on its way willing.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gapweave.models.instance import Stage
from gapweave.models.task_arrays import B, F, Int64Array, TaskArrays, W
from gapweave.solver.room import Interval, Room, rooms

UNLIMITED = 2**62


@dataclass
class _Group:
    """One stage of a job on its device, during one run."""

    peak: int
    in_flight_limit: int
    unstarted: int = 0
    in_flight: int = 0
    held: int = 0

    @property
    def missing(self) -> int:
        """Memory that must stay free so that this stage can hold one microbatch."""
        return max(0, self.peak - self.held) if self.unstarted or self.in_flight else 0


@dataclass
class _Lane:
    """One block of free tasks on a device: the microbatches of one kind of one stage, in order."""

    kind: int
    duration: int
    next: int
    stop: int
    group: _Group
    freed: int


@dataclass
class _DeviceState:
    """One device during one run."""

    room: Room
    lanes: list[_Lane] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)
    free_at: int = 0
    held: int = 0
    next_busy: int = 0
    next_step: int = 0


class ListScheduler:
    """Builds schedules of one instance for any keys and in-flight limits.

    Parameters
    ----------
    arrays
        The tasks.
    pinned
        Start of each pinned node, -1 for the free ones, shape (nodes,); None: all tasks are free.
    """

    def __init__(self, arrays: TaskArrays, pinned: Int64Array | None = None) -> None:
        self.arrays = arrays
        self.starts = [-1] * arrays.node_count if pinned is None else pinned.tolist()
        self.rooms = rooms(arrays, pinned)
        self.devices = arrays.device.tolist()
        releases = np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)
        self.releases = releases[arrays.job].tolist()
        self.in_degrees = arrays.in_degree.tolist()

    def run(self, keys: Sequence[float], limits: Mapping[tuple[int, int], int]) -> Int64Array | None:
        """Schedule all free tasks.

        Parameters
        ----------
        keys
            One number per node; a device starts the ready task with the smallest.
        limits
            Most microbatches between F's start and B's end, per (job, stage); absent means unlimited.

        Returns
        -------
        ndarray or None
            Starts of all nodes, shape (nodes,), in ticks; None if memory cannot hold one microbatch of
            every stage at a time.
        """
        return _Run(self, keys, limits).execute()


class _Run:
    """One simulation: an event (time, device) makes the device look for something to do."""

    def __init__(
        self, scheduler: ListScheduler, keys: Sequence[float], limits: Mapping[tuple[int, int], int]
    ) -> None:
        self.arrays = scheduler.arrays
        self.devices = scheduler.devices
        self.keys = keys
        self.starts = list(scheduler.starts)
        self.ready_at = list(scheduler.releases)
        self.waiting = list(scheduler.in_degrees)
        self.states = self._fresh_states(scheduler, limits)
        self.events = [
            (time, device) for device, room in enumerate(scheduler.rooms) for time, _ in room.memory or ()
        ]
        self.events += [
            (self.ready_at[node], self.devices[node])
            for node, count in enumerate(self.waiting)
            if not count and self.starts[node] < 0
        ]
        heapq.heapify(self.events)

    def execute(self) -> Int64Array | None:
        if not all(map(_can_hold_one_each, self.states)):
            return None
        while self.events:
            now, device = heapq.heappop(self.events)
            state = self.states[device]
            if state.free_at <= now:
                lane = self._choose(state, now, device)
                if lane is not None:
                    self._start(state, lane, now, device)
        return np.array(self.starts, dtype=np.int64) if min(self.starts) >= 0 else None

    def _choose(self, state: _DeviceState, now: int, device: int) -> _Lane | None:
        """Return the lane whose next task has the smallest key among those that may start now."""
        deadline, resume = self._next_pinned(state, now)
        if deadline <= now:
            heapq.heappush(self.events, (resume, device))
            return None
        best, best_key, too_long = None, float("inf"), False
        for lane in state.lanes:
            node = lane.next
            if (
                node == lane.stop
                or self.waiting[node]
                or self.ready_at[node] > now
                or self.keys[node] >= best_key
            ):
                continue
            if now + lane.duration > deadline:
                too_long = True
            elif lane.kind != F or _may_claim(state, lane.group, now):
                best, best_key = lane, self.keys[node]
        if best is None and too_long:
            heapq.heappush(self.events, (resume, device))
        return best

    def _next_pinned(self, state: _DeviceState, now: int) -> Interval:
        """Return [start, end) of the pinned task that runs now or comes next."""
        busy = state.room.busy
        while state.next_busy < len(busy) and busy[state.next_busy][1] <= now:
            state.next_busy += 1
        return busy[state.next_busy] if state.next_busy < len(busy) else (UNLIMITED, UNLIMITED)

    def _start(self, state: _DeviceState, lane: _Lane, now: int, device: int) -> None:
        """Start the lane's next task, and tell its successors when it will have ended."""
        node, group = lane.next, lane.group
        lane.next += 1
        # A device's memory changes by its own tasks only, so what ends free may count as freed at once.
        state.held -= lane.freed
        group.held -= lane.freed
        if lane.kind == F:
            group.unstarted -= 1
            group.in_flight += 1
        elif lane.kind == B:
            group.in_flight -= 1
        self.starts[node] = now
        state.free_at = now + lane.duration
        heapq.heappush(self.events, (state.free_at, device))
        self._release_successors(node, state.free_at)

    def _release_successors(self, node: int, end: int) -> None:
        finished = [(node, end)]
        for done, at in finished:  # grows by milestones, which take no time
            for successor, lag in self.arrays.successors[done]:
                self.ready_at[successor] = max(self.ready_at[successor], at + lag)
                self.waiting[successor] -= 1
                if self.waiting[successor]:
                    continue
                if self.devices[successor] < 0:
                    self.starts[successor] = self.ready_at[successor]
                    finished.append((successor, self.ready_at[successor]))
                else:
                    heapq.heappush(self.events, (self.ready_at[successor], self.devices[successor]))

    def _fresh_states(
        self, scheduler: ListScheduler, limits: Mapping[tuple[int, int], int]
    ) -> list[_DeviceState]:
        states = [_DeviceState(room) for room in scheduler.rooms]
        groups: dict[tuple[int, int], _Group] = {}
        for block in self.arrays.blocks:
            if block.device < 0 or self.starts[block.first] >= 0:
                continue
            stage = self.arrays.instance.jobs[block.job].stages[block.stage]
            key = (block.job, block.stage)
            if key not in groups:
                groups[key] = _Group(stage.memory.peak, max(1, limits.get(key, UNLIMITED)))
                states[block.device].groups.append(groups[key])
            if block.kind == F:
                groups[key].unstarted += block.size
            freed = _freed(block.kind, stage)
            lane = _Lane(
                block.kind, block.duration, block.first, block.first + block.size, groups[key], freed
            )
            states[block.device].lanes.append(lane)
        return states


def _may_claim(state: _DeviceState, group: _Group, now: int) -> bool:
    """Whether one more microbatch of this stage fits, and leaves every other stage room for one."""
    if group.in_flight >= group.in_flight_limit:
        return False
    steps = state.room.memory
    if steps is None:
        return True
    while state.next_step + 1 < len(steps) and steps[state.next_step + 1][0] <= now:
        state.next_step += 1
    held = state.held + group.peak
    reserve = sum(other.missing for other in state.groups if other is not group)
    return held <= steps[state.next_step][1] and held + reserve <= steps[-1][1]


def _freed(kind: int, stage: Stage) -> int:
    """Memory that a task frees (negative: claims), if F claims a microbatch's peak at once."""
    memory = stage.memory
    if kind == F:
        return -memory.peak
    if kind == B:
        return memory.peak + memory.weight
    return -memory.weight if kind == W else 0


def _can_hold_one_each(state: _DeviceState) -> bool:
    final = state.room.final_memory
    return final is None or sum(group.peak for group in state.groups) <= final
