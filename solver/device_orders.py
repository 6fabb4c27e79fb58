"""A schedule as what it is made of: the order of tasks on each device, and the times that follow from it.

Memory of a device changes only by its own tasks, so whether it holds depends on the order alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import NODE_KINDS, Int64Array
from gapweave.solver.order_kernel import NEVER, Neighbours, between, earliest, tails_and_deadlines
from gapweave.solver.problem import Problem


class Fixed(NamedTuple):
    """What compiled passes need: edges, and per node duration, release, due date, pinned start, block."""

    neighbours: Neighbours
    duration: Int64Array
    ready: Int64Array
    due: Int64Array
    pinned: Int64Array
    block: Int64Array


class OrderGraph:
    """What stays the same for all orders of one problem: edges, releases, pinned starts, memory deltas."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        arrays = problem.arrays
        self.neighbours = Neighbours.of(arrays)
        self.duration = arrays.duration
        self.pinned = np.full(arrays.node_count, -1, dtype=np.int64)
        if problem.pinned is not None:
            self.pinned = problem.pinned
        self.ready = np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)[arrays.job]
        self.due = np.full(arrays.node_count, NEVER, dtype=np.int64)
        if problem.primary_limit is not None:
            self.due[arrays.job == 0] = problem.primary_limit
        effects = memory_effects(arrays.instance)
        self.delta = np.zeros(arrays.node_count, dtype=np.int64)
        for block in arrays.blocks:
            _, self.delta[block.first : block.first + block.size] = effects.get(
                (block.job, block.stage, NODE_KINDS[block.kind]), (0, 0)
            )

    @cached_property
    def fixed(self) -> Fixed:
        """The same for compiled passes."""
        sizes = [block.size for block in self.problem.arrays.blocks]
        block = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
        return Fixed(self.neighbours, self.duration, self.ready, self.due, self.pinned, block)

    @cached_property
    def free_tasks(self) -> Int64Array:
        """All tasks that are not pinned."""
        found: Int64Array = np.flatnonzero(self.pinned[: self.problem.arrays.task_count] < 0)
        return found

    @cached_property
    def pinned_levels(self) -> list[list[tuple[int, int]]]:
        """For each device, (time, memory level of its pinned tasks from then on), times from 0 increasing."""
        changes: list[dict[int, int]] = [{0: 0} for _ in self.problem.instance.devices]
        for node in np.flatnonzero((self.pinned >= 0) & (self.delta != 0)).tolist():
            start, delta = int(self.pinned[node]), int(self.delta[node])
            time = start if delta > 0 else start + int(self.duration[node])
            steps = changes[self.problem.arrays.device[node]]
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
        arrays = self.problem.arrays
        tasks = np.arange(arrays.task_count)
        order = np.lexsort((numbered[: arrays.task_count], arrays.device[: arrays.task_count]))
        counts = np.bincount(arrays.device[tasks], minlength=len(arrays.instance.devices))
        first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])
        return self.timed(order.astype(np.int64), first)

    def timed(self, order: Int64Array, first: Int64Array) -> "DeviceOrders | None":
        """Start every task as early as these orders allow; None if they deadlock or delay a pinned task."""
        before = np.full(len(self.duration), -1, dtype=np.int64)
        after = before.copy()
        before[order[1:]], after[order[:-1]] = order[:-1], order[1:]
        heads_of_devices = first[:-1][first[:-1] < first[1:]]
        before[order[heads_of_devices]] = -1
        after[order[heads_of_devices[1:] - 1]] = -1
        starts, topological = earliest(self.neighbours, self.duration, self.ready, self.pinned, before, after)
        if len(topological) < len(starts):
            return None
        return DeviceOrders(self, order, first, before, after, starts, topological)


@dataclass(frozen=True, eq=False)
class DeviceOrders:
    """The order of tasks on each device, and every task's earliest start.

    Attributes
    ----------
    order, first
        Tasks of all devices, device by device; those of device p are ``order[first[p] : first[p + 1]]``.
    before, after
        Per node, the node that its device runs before and after it, or -1.
    starts
        Per node, in ticks.
    topological
        All nodes in an order that respects edges and devices.
    """

    graph: OrderGraph
    order: Int64Array
    first: Int64Array
    before: Int64Array
    after: Int64Array
    starts: Int64Array
    topological: Int64Array

    @cached_property
    def makespan(self) -> int:
        """End of the last task, in ticks."""
        return self.graph.problem.makespan(self.starts)

    @cached_property
    def _follow_up(self) -> tuple[Int64Array, Int64Array]:
        graph = self.graph
        found: tuple[Int64Array, Int64Array] = tails_and_deadlines(
            graph.neighbours, graph.duration, graph.pinned, graph.due, self.after, self.topological
        )
        return found

    @property
    def tail(self) -> Int64Array:
        """Per node, the least time from its end to the makespan with these orders, in ticks."""
        return self._follow_up[0]

    @property
    def deadline(self) -> Int64Array:
        """Per node, its latest end for pinned tasks to be in time and the primary's limit kept, in ticks."""
        return self._follow_up[1]

    @cached_property
    def position(self) -> Int64Array:
        """Per node, its position in ``order``; -1 for milestones."""
        position = np.full(len(self.starts), -1, dtype=np.int64)
        position[self.order] = np.arange(len(self.order), dtype=np.int64)
        return position

    @cached_property
    def critical_tasks(self) -> Int64Array:
        """The free tasks on a critical path."""
        free = self.graph.free_tasks
        through = self.starts[free] + self.graph.duration[free] + self.tail[free]
        found: Int64Array = free[through >= self.makespan]
        return found

    def critical_successor(self, node: int) -> int | None:
        """Return the node that follows on a critical path; None at its end."""
        graph, edges = self.graph, self.graph.neighbours
        reach = int(self.tail[node])
        for edge in range(edges.target_ptr[node], edges.target_ptr[node + 1]):
            target = int(edges.targets[edge])
            if graph.pinned[target] >= 0:
                continue
            if reach and int(edges.target_lags[edge] + graph.duration[target] + self.tail[target]) == reach:
                return target
        following = int(self.after[node])
        if following < 0 or graph.pinned[following] >= 0:
            return None
        if reach and int(graph.duration[following] + self.tail[following]) == reach:
            return following
        return None

    @cached_property
    def level(self) -> Int64Array:
        """Sum of the memory deltas of all free tasks before each position of ``order``, over all devices."""
        delta = np.where(self.graph.pinned < 0, self.graph.delta, 0)[self.order]
        return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(delta, dtype=np.int64)])

    def between(self, chosen: Int64Array) -> Int64Array:
        """Return the nodes on a path from one chosen node to another, the chosen ones aside."""
        marks = np.zeros(len(self.starts), dtype=np.bool_)
        marks[chosen] = True
        between_them = between(self.graph.neighbours, self.before, self.after, self.topological, marks)
        found: Int64Array = np.flatnonzero(between_them)
        return found

    def with_segments(self, segments: Mapping[int, Int64Array]) -> "DeviceOrders | None":
        """Return the schedule with other orders from given positions on; None if it deadlocks."""
        order = self.order.copy()
        for position, nodes in segments.items():
            order[position : position + len(nodes)] = nodes
        return self.graph.timed(order, self.first)


def _accumulated(changes: Mapping[int, int]) -> list[tuple[int, int]]:
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))
