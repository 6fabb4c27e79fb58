"""Precedence that follows from one device at a time: what a stage runs, and holds, between two tasks."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from gapweave.models.task_arrays import B, Block, F, Int64Array, W
from gapweave.solver.steady.graph import CyclicGraph


def implied_edges(graph: CyclicGraph) -> tuple[Int64Array, Int64Array, Int64Array]:
    """Return sources, targets and weights of edges of height 0 that every schedule keeps.

    Microbatches of a stage run in order, so between the starts of two of its tasks it runs what lies between
    them; and with memory for n microbatches, F of microbatch k + n waits for the end of B of microbatch k.
    """
    rows = [row for own in _stages(graph) for row in (*_work(own), *_memory(graph, own))]
    source, target, weight = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return source, target, weight


def _stages(graph: CyclicGraph) -> Iterator[list[Block]]:
    """Yield the blocks F, B and W of each step of each stage."""
    arrays = graph.arrays
    for block in arrays.blocks:
        if block.kind == F:
            others = (arrays.block(block.job, kind, block.stage, block.step) for kind in (B, W))
            yield [block, *(other for other in others if other is not None)]


def _work(own: list[Block]) -> Iterator[tuple[int, int, int]]:
    """From microbatch j's F to microbatch k's B the stage runs F of j to k and B of j to k - 1; so for W."""
    for earlier, later in combinations(range(len(own)), 2):
        first, last = own[earlier], own[later]
        passed = sum(block.duration for block in own[earlier:later])
        for j in range(first.size):
            for k in range(j, last.size):
                yield first.first + j, last.first + k, (k - j + 1) * passed + (k - j) * last.duration


def _memory(graph: CyclicGraph, own: list[Block]) -> Iterator[tuple[int, int, int]]:
    """With room for n microbatches of this stage alone, n of them are in flight at most."""
    forward, backward = own[:2]
    room, claim = graph.room[forward.device], int(graph.delta[forward.first])
    if room is None or claim <= 0:
        return
    fit = room // claim
    for k in range(forward.size - fit):
        yield backward.first + k, forward.first + k + fit, backward.duration
