"""Heads and tails: the least time that must pass before, and after, each task."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

import numpy as np

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.bounds.memory_waits import memory_waits
from gapweave.models.bounds.stage_memory import constant_memory, memory_tails, stages_with_memory
from gapweave.models.task_arrays import B, Block, F, Int64Array, O, TaskArrays, W


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
    """Compute heads and tails from precedences, from what shares a stage's device, and from memory.

    Heads follow, block by block in topological order, from

    - inputs: ``head[k] >= head of its input + duration + lag``;
    - order: ``head[k] >= head[k-1] + d``;
    - the device: before B[k] the stage runs F[j..k] and B[j..k-1] for each j <= k, before W[k] also
      W[j..k-1] and all B[j..k], before O everything: none of it before the head of F[j];
    - memory: F[k] waits until enough is free, see `memory_waits`; repeated until nothing changes.

    Tails follow from the same statements read backwards, see `memory_tails`.
    """
    graph = BlockGraph(arrays)
    ready = np.array([job.release for job in arrays.instance.jobs], dtype=np.int64)[arrays.job]
    head = graph.heads(ready)
    for _ in range(arrays.node_count):
        waits = memory_waits(arrays, head)
        if waits is None or (waits <= head).all():
            break
        head = graph.heads(np.maximum(ready, waits))
    return HeadsTails(arrays, head, _tails(arrays, graph))


def _tails(arrays: TaskArrays, graph: "BlockGraph") -> Int64Array:
    """Return tails raised by memory until nothing changes; for several steps, memory is left out."""
    tail = graph.tails(np.zeros(arrays.node_count, dtype=np.int64))
    stages = list(stages_with_memory(arrays, constant_memory(arrays))) if max(arrays.steps) == 1 else []
    for _ in range(arrays.node_count):
        needed = memory_tails(stages, tail)
        if (needed <= tail).all():
            break
        tail = graph.tails(np.maximum(needed, tail))
    return tail


class BlockGraph:
    """Blocks in topological order, with the (neighbour, lag) pairs before and after each.

    Parameters
    ----------
    arrays
        The tasks.
    first_job
        Jobs before this one are left out: their heads and tails stay what they are.
    """

    def __init__(self, arrays: TaskArrays, first_job: int = 0) -> None:
        self.arrays = arrays
        self.always = Calendar.open()
        self.incoming: list[list[tuple[int, int]]] = [[] for _ in arrays.blocks]
        self.outgoing: list[list[tuple[int, int]]] = [[] for _ in arrays.blocks]
        for source, target, lag in arrays.links:
            self.incoming[target].append((source, lag))
            self.outgoing[source].append((target, lag))
        before = {target: [source for source, _ in pairs] for target, pairs in enumerate(self.incoming)}
        in_order = TopologicalSorter(before).static_order()
        self.order = [position for position in in_order if arrays.blocks[position].job >= first_job]

    def heads(self, ready: Int64Array, calendars: Sequence[Calendar] = ()) -> Int64Array:
        """Return the least starts, none below ``ready``, shape (nodes,).

        ``calendars`` says when each device is free (default: always).
        """
        head = ready.copy()
        for position in self.order:
            block = self.arrays.blocks[position]
            calendar = self._calendar(calendars, block)
            own = head[_span(block)]
            for other, lag in self.incoming[position]:
                source = self.arrays.blocks[other]
                own = np.maximum(own, _aligned(head[_span(source)] + source.duration + lag, block))
            own = np.maximum(own, self._after_stage(head, block, calendar))
            head[_span(block)] = calendar.run_in_order(own, block.duration)
        return head

    def tails(self, ready: Int64Array, calendars: Sequence[Calendar] = ()) -> Int64Array:
        """Return the least times from each node's end to the makespan, none below ``ready``, shape (nodes,).

        ``calendars`` says when each device is free, in time that runs backwards from the makespan.
        """
        tail = ready.copy()
        for position in reversed(self.order):
            block = self.arrays.blocks[position]
            calendar = self._calendar(calendars, block)
            own = tail[_span(block)]
            for other, lag in self.outgoing[position]:
                target = self.arrays.blocks[other]
                own = np.maximum(own, _aligned(tail[_span(target)] + target.duration + lag, block))
            own = np.maximum(own, self._before_stage(tail, block, calendar))
            tail[_span(block)] = calendar.run_in_order(own[::-1], block.duration)[::-1]
        return tail

    def _calendar(self, calendars: Sequence[Calendar], block: Block) -> Calendar:
        return calendars[block.device] if calendars and block.device >= 0 else self.always

    def _after_stage(self, head: Int64Array, block: Block, calendar: Calendar) -> Int64Array:
        """Heads of a block from what its stage must have run before it, counted from any F[j].

        ``head_B[k] >= head_F[j] + (k-j+1) d_F + (k-j) d_B``, and with a W likewise; O waits for everything.
        """
        forward = self._same_stage(block, F)
        if forward is None or block.kind not in (B, W, O):
            return np.zeros(block.size, dtype=np.int64)
        begun = calendar.idle_until(head[_span(forward)])
        backward, weight = self._same_stage(block, B), self._same_stage(block, W)
        work = sum(one.duration for one in (forward, backward, weight) if one is not None)
        if block.kind == O:
            remaining = work * np.arange(len(begun), 0, -1, dtype=np.int64)
            return calendar.earliest_with(np.array([(begun + remaining).max()]))
        before = work if block.kind == W else forward.duration + block.duration
        return calendar.earliest_with(_in_order(begun, before) + before - block.duration)

    def _before_stage(self, tail: Int64Array, block: Block, calendar: Calendar) -> Int64Array:
        """Tails of a block from what its stage must run after it, up to the last task of any microbatch j.

        ``tail_F[k] >= tail_B[j] + (j-k+1) d_B + (j-k) d_F``, with a W likewise, and B before W likewise.
        """
        own = np.zeros(block.size, dtype=np.int64)
        if block.kind not in (F, B):
            return own
        duration = block.duration
        for kind in (B, W)[block.kind :]:
            later = self._same_stage(block, kind)
            if later is not None:
                duration += later.duration
                left = calendar.idle_until(tail[_span(later)][::-1])
                chain = calendar.earliest_with(_in_order(left, duration) + duration - block.duration)
                own = np.maximum(own, chain[::-1])
        return own

    def _same_stage(self, block: Block, kind: int) -> Block | None:
        return self.arrays.block(block.job, kind, block.stage, block.step)


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
