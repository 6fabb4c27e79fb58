"""A schedule as what it is made of: the order of free tasks on each device, and the times that follow.

Memory of a device changes only by its own tasks, so whether it holds depends on the order of all its tasks
alone. Pinned tasks keep their times; free ones go around them, and may change sides with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import NODE_KINDS, Int64Array
from gapweave.solver.order_kernel import NEVER, Fixed, Neighbours, between, earliest, latest
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities


class OrderGraph:
    """What stays the same for all orders of one problem: edges, releases, pinned starts, memory deltas."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        arrays = problem.arrays
        pinned = problem.pinned
        self.pinned = np.full(arrays.node_count, -1, dtype=np.int64) if pinned is None else pinned
        self.fixed = _fixed(problem, self.pinned)
        self.duration = arrays.duration
        self.ready = self.fixed.ready
        self.free_tasks: Int64Array = np.flatnonzero(self.pinned[: arrays.task_count] < 0)
        self.device_count = len(arrays.instance.devices)
        self.delta = _deltas(problem)
        room = [NEVER if free is None else free for free in free_capacities(arrays.instance)]
        self._room = np.array(room, dtype=np.int64)

    @cached_property
    def pinned_levels(self) -> list[list[tuple[int, int]]]:
        """For each device, (time, memory level of its pinned tasks from then on), times from 0 increasing."""
        changes: list[dict[int, int]] = [{0: 0} for _ in range(self.device_count)]
        for node in np.flatnonzero((self.pinned >= 0) & (self.delta != 0)).tolist():
            start, delta = int(self.pinned[node]), int(self.delta[node])
            time = start if delta > 0 else start + int(self.duration[node])
            steps = changes[self.fixed.device[node]]
            steps[time] = steps.get(time, 0) + delta
        return [_accumulated(steps) for steps in changes]

    def read(self, starts: Int64Array) -> "DeviceOrders | None":
        """Take the orders from a schedule's starts, microbatches numbered in the order in which they run.

        Returns None where the orders forbid the starts, which no valid schedule's do.
        """
        numbered = starts.copy()
        for block in self.problem.arrays.blocks:
            if self.pinned[block.first] < 0:
                numbered[block.first : block.first + block.size].sort()
        return self.timed(self._by_time(self.free_tasks, numbered), numbered)

    def timed(self, order: Int64Array, fallback: Int64Array) -> "DeviceOrders | None":
        """Start every free task as early as an order of them, device by device, allows.

        Parameters
        ----------
        fallback
            Per node: earliest starts with which to try again if memory does not hold, because free tasks
            have changed sides with pinned ones.

        Returns
        -------
        DeviceOrders or None
            None if the order deadlocks, or memory does not hold.
        """
        before = np.full(len(self.duration), -1, dtype=np.int64)
        after = before.copy()
        same = self.fixed.device[order[1:]] == self.fixed.device[order[:-1]]
        before[order[1:][same]], after[order[:-1][same]] = order[:-1][same], order[1:][same]
        for ready in (self.ready, np.where(self.fixed.device < 0, self.ready, fallback)):
            starts, topological = earliest(self.fixed, ready, before, after)
            if len(topological) < len(starts):
                return None
            if self.problem.pinned is None or self._memory_holds(starts):
                return DeviceOrders(self, order, before, after, starts, topological)
        return None

    def _by_time(self, tasks: Int64Array, starts: Int64Array) -> Int64Array:
        """Sort tasks by device, then by time."""
        order: Int64Array = tasks[np.lexsort((starts[tasks], self.fixed.device[tasks]))]
        return order

    def _memory_holds(self, starts: Int64Array) -> bool:
        """Whether memory holds on every device if all its tasks run in the order of these starts."""
        order = self._by_time(np.arange(self.problem.arrays.task_count, dtype=np.int64), starts)
        delta = self.delta[order]
        before = np.cumsum(delta) - delta
        return bool((before + np.maximum(delta, 0) <= self._room[self.fixed.device[order]]).all())


@dataclass(frozen=True, eq=False)
class DeviceOrders:
    """The order of free tasks on each device, and every task's earliest start.

    Attributes
    ----------
    order
        The free tasks by device, then by time.
    before, after
        Per node, the free task that its device runs before and after it, or -1.
    starts
        Per node, in ticks.
    topological
        All nodes in an order that respects edges and devices.
    """

    graph: OrderGraph
    order: Int64Array
    before: Int64Array
    after: Int64Array
    starts: Int64Array
    topological: Int64Array

    @cached_property
    def makespan(self) -> int:
        """End of the last task, in ticks."""
        return self.graph.problem.makespan(self.starts)

    @cached_property
    def latest_starts(self) -> Int64Array:
        """Per node, its latest start for the same makespan with the same orders, in ticks."""
        return self.latest_starts_for(self.makespan)

    def latest_starts_for(self, makespan: int) -> Int64Array:
        """Return each node's latest start for a makespan with the same orders, memory aside, in ticks."""
        found: Int64Array = latest(self.graph.fixed, makespan, self.after, self.topological)
        return found

    @cached_property
    def position(self) -> Int64Array:
        """Per node, its position in ``order``; -1 if it is not there."""
        position = np.full(len(self.starts), -1, dtype=np.int64)
        position[self.order] = np.arange(len(self.order), dtype=np.int64)
        return position

    @cached_property
    def critical_tasks(self) -> Int64Array:
        """The free tasks that no later start would leave the makespan as it is."""
        free = self.graph.free_tasks
        found: Int64Array = free[self.starts[free] >= self.latest_starts[free]]
        return found

    def critical_successor(self, node: int) -> int | None:
        """Return a critical node that starts as soon as this one lets it; None at the end of the path."""
        graph, edges = self.graph, self.graph.fixed.neighbours
        end = int(self.starts[node] + graph.duration[node])
        begin, stop = edges.target_ptr[node : node + 2].tolist()
        followers = list(
            zip(edges.targets[begin:stop].tolist(), edges.target_lags[begin:stop].tolist(), strict=True)
        )
        for target, lag in [*followers, (int(self.after[node]), 0)]:
            if target >= 0 and self.starts[target] == end + lag == self.latest_starts[target]:
                return int(target)
        return None

    @cached_property
    def level(self) -> Int64Array:
        """Sum of the memory deltas of all free tasks before each position of ``order``.

        What a device's tasks claim and free is the same in the end, so each device begins with 0.
        """
        deltas = self.graph.delta[self.order]
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(deltas, dtype=np.int64)])

    def between(self, chosen: Int64Array) -> Int64Array:
        """Return the nodes on a path from one chosen node to another, the chosen ones aside."""
        marks = np.zeros(len(self.starts), dtype=np.bool_)
        marks[chosen] = True
        between_them = between(self.graph.fixed, self.before, self.after, self.topological, marks)
        found: Int64Array = np.flatnonzero(between_them)
        return found

    def with_segments(
        self, segments: Mapping[int, Int64Array], fallback: Int64Array
    ) -> "DeviceOrders | None":
        """Return the schedule with other orders from given positions on; see `OrderGraph.timed`."""
        order = self.order.copy()
        for position, nodes in segments.items():
            order[position : position + len(nodes)] = nodes
        return self.graph.timed(order, fallback)


def _fixed(problem: Problem, pinned: Int64Array) -> Fixed:
    arrays = problem.arrays
    due = np.full(arrays.node_count, NEVER, dtype=np.int64)
    if problem.primary_limit is not None:
        due[arrays.job == 0] = problem.primary_limit
    busy = [interval for room in problem.rooms for interval in room.busy]
    counts = [0, *(len(room.busy) for room in problem.rooms)]
    return Fixed(
        neighbours=Neighbours.of(arrays),
        duration=arrays.duration,
        ready=np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)[arrays.job],
        due=due,
        pinned=pinned,
        device=arrays.device,
        block=np.repeat(
            np.arange(len(arrays.blocks), dtype=np.int64), [block.size for block in arrays.blocks]
        ),
        busy_ptr=np.cumsum(counts, dtype=np.int64),
        busy_start=np.array([start for start, _ in busy], dtype=np.int64),
        busy_end=np.array([end for _, end in busy], dtype=np.int64),
    )


def _deltas(problem: Problem) -> Int64Array:
    """Return each node's change of its device's memory."""
    effects = memory_effects(problem.arrays.instance)
    delta = np.zeros(problem.arrays.node_count, dtype=np.int64)
    for block in problem.arrays.blocks:
        key = (block.job, block.stage, NODE_KINDS[block.kind])
        delta[block.first : block.first + block.size] = effects.get(key, (0, 0))[1]
    return delta


def _accumulated(changes: Mapping[int, int]) -> list[tuple[int, int]]:
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))
