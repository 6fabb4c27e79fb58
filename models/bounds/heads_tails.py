"""Heads and tails: the least time that must pass before, and after, each task."""

from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np

from gapweave.models.task_arrays import Block, Int64Array, TaskArrays


@dataclass(frozen=True, eq=False)
class HeadsTails:
    """Heads and tails of all nodes, shape (nodes,), in ticks.

    No schedule starts a task before its head, and no schedule ends earlier than a task's end plus its tail,
    if the microbatches of every (job, kind, stage) run in the order of their numbers. Microbatches are
    interchangeable, so that order loses nothing: heads and tails may grow with the microbatch's number.
    """

    arrays: TaskArrays
    head: Int64Array
    tail: Int64Array

    @cached_property
    def through(self) -> Int64Array:
        """Longest path through each node: head + duration + tail."""
        through: Int64Array = self.head + self.arrays.duration + self.tail
        return through


def heads_and_tails(arrays: TaskArrays) -> HeadsTails:
    """Compute longest paths into and out of each node of the task graph with microbatches in order.

    The recursion runs over blocks; inside a block of M microbatches with duration d,
    ``head[k] = max(ready[k], head[k-1] + d)``, and tails likewise from the last microbatch backward.
    """
    head = np.zeros(arrays.node_count, dtype=np.int64)
    tail = np.zeros(arrays.node_count, dtype=np.int64)
    order, incoming, outgoing = _block_order(arrays)
    for position in order:
        block = arrays.blocks[position]
        ready = _release(arrays, block)
        for other, lag in incoming[position]:
            source = arrays.blocks[other]
            ready = np.maximum(ready, _aligned(head[_span(source)] + source.duration + lag, block))
        head[_span(block)] = _in_order(ready, block.duration)
    for position in reversed(order):
        block = arrays.blocks[position]
        after = np.zeros(block.size, dtype=np.int64)
        for other, lag in outgoing[position]:
            target = arrays.blocks[other]
            after = np.maximum(after, _aligned(tail[_span(target)] + target.duration + lag, block))
        tail[_span(block)] = _in_order(after[::-1], block.duration)[::-1]
    return HeadsTails(arrays, head, tail)


def _block_order(
    arrays: TaskArrays,
) -> tuple[list[int], list[list[tuple[int, int]]], list[list[tuple[int, int]]]]:
    """Return block positions in topological order, and each one's (neighbour, lag) pairs before and after."""
    incoming: list[list[tuple[int, int]]] = [[] for _ in arrays.blocks]
    outgoing: list[list[tuple[int, int]]] = [[] for _ in arrays.blocks]
    for source, target, lag in arrays.links:
        incoming[target].append((source, lag))
        outgoing[source].append((target, lag))
    before = {position: [source for source, _ in pairs] for position, pairs in enumerate(incoming)}
    return list(TopologicalSorter(before).static_order()), incoming, outgoing


def _release(arrays: TaskArrays, block: Block) -> Int64Array:
    return np.full(block.size, arrays.instance.jobs[block.job].release, dtype=np.int64)


def _span(block: Block) -> slice:
    return slice(block.first, block.first + block.size)


def _aligned(times: Int64Array, block: Block) -> Int64Array:
    """Match a neighbour's times with the block's nodes: one to one, else the latest of them for each node."""
    return times if len(times) == block.size else np.full(block.size, times.max(), dtype=np.int64)


def _in_order(ready: Int64Array, duration: int) -> Int64Array:
    """Earliest starts of equal tasks that run one after the other, each no sooner than it is ready."""
    offsets = np.arange(len(ready), dtype=np.int64) * duration
    starts: Int64Array = np.maximum.accumulate(ready - offsets) + offsets
    return starts
