"""Which starts must lie how far apart: the instance's edges, and orders that lose no optimum.

Notation: ``s`` start, ``d`` duration, ``l`` lag of a transfer, ``k`` number of a microbatch.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from gapweave.models.task_arrays import B, F
from gapweave.solver.equal_jobs import equal_blocks, equal_jobs, take_turns
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities


class Arc(NamedTuple):
    """``start[source] + delay <= start[target]``, in ticks; the target is never pinned."""

    source: int
    target: int
    delay: int


def microbatch_arcs(problem: Problem) -> Iterator[Arc]:
    """Microbatches are interchangeable, so they run in order: s[k] + d <= s[k+1] per kind and stage."""
    for block in problem.arrays.blocks:
        for node in block.nodes[1:]:
            if not problem.is_pinned[node]:
                yield Arc(node - 1, node, block.duration)


def equal_job_arcs(problem: Problem) -> Iterator[Arc]:
    """Equal jobs 0, 1, ..., g-1 take turns: s_0[k] + d <= s_1[k], ..., s_(g-1)[k] + d <= s_0[k+1]."""
    for group in equal_jobs(problem):
        turns = take_turns(problem.instance.jobs[group[0]])
        for blocks in equal_blocks(problem, group):
            for earlier, later in pairwise(blocks):
                for first, second in zip(earlier.nodes, later.nodes, strict=True):
                    yield Arc(first, second, earlier.duration)
            if turns:
                for last, first in zip(blocks[-1].nodes, blocks[0].nodes[1:], strict=False):
                    yield Arc(last, first, blocks[-1].duration)


def input_arcs(problem: Problem) -> Iterator[Arc]:
    """A task waits for its inputs: s_1 + d_1 + l <= s_2 on every edge of the task graph."""
    arrays = problem.arrays
    for link in arrays.links:
        source, target = arrays.blocks[link.source], arrays.blocks[link.target]
        if problem.is_pinned[target.first]:
            continue
        delay = source.duration + link.lag
        if source.size == target.size:
            pairs = list(zip(source.nodes, target.nodes, strict=True))
        elif source.size > 1:  # in order, the last one of many ends last
            pairs = [(source.nodes[-1], target.first)]
        else:
            pairs = [(source.first, target.nodes[0])]
        for before, after in pairs:
            yield Arc(before, after, delay)


def turnaround_arcs(problem: Problem) -> Iterator[Arc]:
    """If n microbatches fill a stage's memory, k+n waits until k is back: s_B[k] + d_B <= s_F[k+n]."""
    arrays = problem.arrays
    free = free_capacities(arrays.instance)
    for forward in arrays.blocks:
        if forward.kind != F or problem.is_pinned[forward.first]:
            continue
        held = arrays.instance.jobs[forward.job].stages[forward.stage].memory.forward
        capacity, backward = free[forward.device], arrays.block(forward.job, B, forward.stage)
        if capacity is None or not held or backward is None:
            continue
        for earlier, later in zip(backward.nodes, forward.nodes[capacity // held :], strict=False):
            yield Arc(earlier, later, backward.duration)
