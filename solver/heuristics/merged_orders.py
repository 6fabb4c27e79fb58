"""Several jobs on the same devices, each with the order of tasks that it has alone.

A device that has nothing to do starts, of the next task of each job, one whose inputs are there. Where the
jobs' memory does not fit together, a job claims only what leaves the jobs before it all that they will ever
need (the banker's algorithm): the first job is never blocked by memory, the second not once the first has
ended, and so on. So the merge cannot deadlock, because each job's own order does not.
"""

import heapq
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.heuristics.base import Heuristic
from gapweave.solver.heuristics.order_memory import levels_of, peak_memory
from gapweave.solver.heuristics.shared_memory import with_shares
from gapweave.solver.job_alone import JobAlone, alone
from gapweave.solver.room import free_capacities
from gapweave.solver.timing import earliest_starts

#: For each device the tasks in order.
Orders: TypeAlias = list[list[int]]
_UNLIMITED = 2**62


def best_merge(
    arrays: TaskArrays,
    policies: Sequence[Heuristic],
    rules: Sequence[Int64Array],
    offsets: Sequence[int] | None = None,
) -> Int64Array:
    """Merge the jobs' orders under each policy and rule, and return the starts that end first.

    Where memory is short, the jobs are scheduled alone both in all of it and in shares of it.

    Parameters
    ----------
    policies
        Single-job policies; those that do not apply to every job are left out.
    rules
        Keys of all nodes, each of shape (nodes,), as in `merged_orders`.
    offsets
        As in `merged_orders`.

    Raises
    ------
    NotApplicable
        No policy applies; the text is that of the first.
    """
    candidates: list[Int64Array] = []
    reasons: list[NotApplicable] = []
    for policy in policies:
        try:
            for own in _own_orders(arrays, policy):
                for keys in rules:
                    merged = merged_orders(arrays, own, keys.tolist(), offsets)
                    candidates.append(earliest_starts(arrays, merged))
        except NotApplicable as exc:
            reasons.append(exc)
    if not candidates:
        raise reasons[0]
    return min(candidates, key=lambda starts: int((starts + arrays.duration).max()))


def merged_orders(
    arrays: TaskArrays,
    own: Sequence[Orders],
    keys: Sequence[float],
    offsets: Sequence[int] | None = None,
    precedence: Sequence[int] | None = None,
) -> Orders:
    """Merge the jobs' orders on each device by simulation.

    Parameters
    ----------
    own
        For each job and device its tasks in order, which fit into memory if the job is alone.
    keys
        One number per node; of the tasks that may start the one with the smallest does.
    offsets
        Tick before which no task of each job starts; default: its release.
    precedence
        Jobs in the order in which memory is promised to them; default: the order of the jobs.
    """
    jobs = arrays.instance.jobs
    return _Merge(
        arrays, own, keys, offsets or [job.release for job in jobs], precedence or range(len(jobs))
    ).run()


def order_alone(arrays: TaskArrays, job: int, own: JobAlone) -> Orders:
    """Return the order of a job's own schedule on each device, as nodes of all jobs' arrays."""
    timed: list[list[tuple[int, int]]] = [[] for _ in arrays.instance.devices]
    for block in own.arrays.blocks:
        target = arrays.block(job, block.kind, block.stage)
        if block.device >= 0 and target is not None:
            starts = own.starts[block.first : block.first + block.size].tolist()
            timed[block.device] += zip(starts, target.nodes, strict=True)
    return [[node for _, node in sorted(tasks)] for tasks in timed]


def _own_orders(arrays: TaskArrays, policy: Heuristic) -> Iterator[list[Orders]]:
    """Yield every job's own orders, in all of the memory and, if that is not enough for all, in shares."""
    instance, jobs = arrays.instance, range(len(arrays.instance.jobs))
    full = [_alone(arrays, policy, job, instance) for job in jobs]
    yield full
    peaks = [[peak_memory(arrays, order) for order in own] for own in full]
    shared = with_shares(instance, peaks)
    if shared is not None:
        yield [_alone(arrays, policy, job, shared[job]) for job in jobs]


def _alone(arrays: TaskArrays, policy: Heuristic, job: int, instance: Instance) -> Orders:
    try:
        return order_alone(arrays, job, alone(instance, job, policy))
    except NotApplicable as exc:
        raise NotApplicable(f"job {instance.jobs[job].name!r} alone: {exc}") from exc


class _Lane:
    """One job's tasks on one device: how far they are, and the memory that they hold and will need."""

    def __init__(self, arrays: TaskArrays, order: Sequence[int]) -> None:
        self.order = order
        self.levels = [0, *levels_of(arrays, order)]
        self.needs = list(self.levels)
        for position in range(len(order) - 1, -1, -1):
            self.needs[position] = max(self.needs[position], self.needs[position + 1])
        self.position = 0

    @property
    def held(self) -> int:
        """Memory that the tasks so far hold."""
        return self.levels[self.position]

    @property
    def needed(self) -> int:
        """Most memory that this job will hold from now on."""
        return self.needs[self.position]

    @property
    def head(self) -> int | None:
        """The next task."""
        return self.order[self.position] if self.position < len(self.order) else None


class _Merge:
    """An event (time, device) makes the device look for something to do."""

    def __init__(
        self,
        arrays: TaskArrays,
        own: Sequence[Orders],
        keys: Sequence[float],
        offsets: Sequence[int],
        precedence: Sequence[int],
    ) -> None:
        self.successors = arrays.successors
        self.keys = keys
        self.durations, self.devices = arrays.duration.tolist(), arrays.device.tolist()
        self.arrivals = [offsets[job] for job in arrays.job.tolist()]
        self.waiting = arrays.in_degree.tolist()
        devices = range(len(arrays.instance.devices))
        self.rooms = [_UNLIMITED if free is None else free for free in free_capacities(arrays.instance)]
        self.lanes = [[_Lane(arrays, own[job][device]) for job in precedence] for device in devices]
        self.merged: Orders = [[] for _ in devices]
        self.free_at = [0 for _ in devices]
        self.events = sorted((time, device) for device in devices for time in set(offsets))

    def run(self) -> Orders:
        while self.events:
            now, device = heapq.heappop(self.events)
            if self.free_at[device] > now:
                continue
            best: tuple[float, int, _Lane] | None = None
            for rank, lane in enumerate(self.lanes[device]):
                node = lane.head
                if node is None or self.waiting[node] or self.arrivals[node] > now:
                    continue
                if (best is None or self.keys[node] < best[0]) and self._may_claim(device, rank):
                    best = self.keys[node], node, lane
            if best is not None:
                _, node, lane = best
                lane.position += 1
                self._start(node, device, now)
        return self.merged

    def _may_claim(self, device: int, rank: int) -> bool:
        """Whether every job before this one can still get all that it will need."""
        lanes = self.lanes[device]
        claim = lanes[rank].levels[lanes[rank].position + 1] - lanes[rank].held
        if claim <= 0:
            return True
        held = claim + sum(lane.held for lane in lanes[rank:])
        for before in reversed(lanes[:rank]):
            if held + before.needed > self.rooms[device]:
                return False
            held += before.held
        return True

    def _start(self, node: int, device: int, now: int) -> None:
        self.merged[device].append(node)
        self.free_at[device] = now + self.durations[node]
        heapq.heappush(self.events, (self.free_at[device], device))
        finished = [(node, self.free_at[device])]
        for done, end in finished:  # grows by milestones, which take no time
            for successor, lag in self.successors[done]:
                self.arrivals[successor] = max(self.arrivals[successor], end + lag)
                self.waiting[successor] -= 1
                if self.waiting[successor]:
                    continue
                if self.devices[successor] < 0:
                    finished.append((successor, self.arrivals[successor]))
                else:
                    heapq.heappush(self.events, (self.arrivals[successor], self.devices[successor]))
