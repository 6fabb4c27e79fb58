"""The compiled loops of steady state: positive cycles, least periods, swaps in rings, memory."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import compiled


class Edges(NamedTuple):
    """Precedence edges by their source, and what a node is; shapes (nodes,) but for the edges' own arrays."""

    first: Int64Array
    target: Int64Array
    weight: Int64Array
    height: Int64Array
    duration: Int64Array
    block: Int64Array
    delta: Int64Array
    device: Int64Array


class Rings(NamedTuple):
    """The tasks of each device in a ring; heights of the edges around a ring sum to 1.

    Attributes
    ----------
    follower, leader
        The next and the previous task on the same device, -1 for milestones; shape (nodes,).
    height
        Height of the edge from each node to its follower, shape (nodes,).
    """

    follower: Int64Array
    leader: Int64Array
    height: Int64Array


class Space(NamedTuple):
    """Working memory of one search, shape (nodes,) each."""

    sweep: Int64Array
    starts: Int64Array
    parent: Int64Array
    parent_weight: Int64Array
    parent_height: Int64Array
    colour: Int64Array
    cycle: Int64Array


def working_space(sweep: Int64Array) -> Space:
    """Return working memory for as many nodes as ``sweep`` orders."""
    return Space(sweep, *(np.zeros(len(sweep), dtype=np.int64) for _ in range(6)))


@compiled
def relax(edges, rings, space, period):  # type: ignore[no-untyped-def]
    """Look for the earliest times at a period; return weight, height and length of a positive cycle.

    All three are 0 if there is none; then ``space.starts`` holds the times. Else ``space.cycle`` holds the
    nodes of the cycle, each after the one that it was pushed by.
    """
    starts, parent = space.starts, space.parent
    count = len(starts)
    starts[:] = 0
    parent[:] = -1
    rounds, next_look = 0, 3
    while True:
        changed = False
        for position in range(count):
            node = space.sweep[position]
            begin = starts[node]
            for edge in range(edges.first[node], edges.first[node + 1]):
                other = edges.target[edge]
                time = begin + edges.weight[edge] - edges.height[edge] * period
                if time > starts[other]:
                    starts[other] = time
                    parent[other] = node
                    space.parent_weight[other] = edges.weight[edge]
                    space.parent_height[other] = edges.height[edge]
                    changed = True
            other = rings.follower[node]
            if other >= 0:
                time = begin + edges.duration[node] - rings.height[node] * period
                if time > starts[other]:
                    starts[other] = time
                    parent[other] = node
                    space.parent_weight[other] = edges.duration[node]
                    space.parent_height[other] = rings.height[node]
                    changed = True
        rounds += 1
        if not changed:
            return 0, 0, 0
        if rounds >= next_look:
            next_look = rounds + 1 + rounds // 3
            weight, height, length = parents_cycle(space)
            if length > 0:
                return weight, height, length


@compiled
def parents_cycle(space):  # type: ignore[no-untyped-def]
    """Return weight, height and length of the parents' cycle of largest ratio, and keep its nodes."""
    count = len(space.parent)
    space.colour[:] = 0
    best_weight, best_height, best_node, best_length = 0, 0, -1, 0
    for root in range(count):
        node = root
        while node >= 0 and space.colour[node] == 0:
            space.colour[node] = root + 1
            node = space.parent[node]
        if node < 0 or space.colour[node] != root + 1:
            continue
        weight, height, length = 0, 0, 0
        other = node
        while True:
            weight += space.parent_weight[other]
            height += space.parent_height[other]
            length += 1
            other = space.parent[other]
            if other == node:
                break
        if height <= 0 or best_length == 0 or weight * best_height > best_weight * height:
            best_weight, best_height, best_node, best_length = weight, height, node, length
            if height <= 0:
                break
    node = best_node
    for place in range(best_length - 1, -1, -1):
        space.cycle[place] = node
        node = space.parent[node]
    return best_weight, best_height, best_length


@compiled
def least_period(edges, rings, space, at_least, at_most):  # type: ignore[no-untyped-def]
    """Raise T from positive cycle to positive cycle; -1 beyond ``at_most`` or in a deadlock."""
    period = at_least
    while period <= at_most:
        weight, height, length = relax(edges, rings, space, period)
        if length == 0:
            return period
        if height <= 0:
            return -1
        period = max(period + 1, -(-weight // height))
    return -1


@compiled
def swap(rings, node):  # type: ignore[no-untyped-def]
    """Let a task run after its follower; the images that were neighbours stay neighbours."""
    other = rings.follower[node]
    before, after = rings.leader[node], rings.follower[other]
    between = rings.height[node]
    if before == other:  # a ring of two
        rings.height[node], rings.height[other] = rings.height[other] + 2 * between, -between
        return
    rings.height[before] += between
    rings.height[node] = between + rings.height[other]
    rings.height[other] = -between
    rings.follower[before], rings.leader[other] = other, before
    rings.follower[other], rings.leader[node] = node, other
    rings.follower[node], rings.leader[after] = after, node


@compiled
def peak_level(edges, rings, node):  # type: ignore[no-untyped-def]
    """Return the highest memory level of a node's device; `gapweave.solver.steady.memory` says why."""
    base, level, peak = 0, 0, 0
    turn, current = 0, node
    while True:
        base -= edges.delta[current] * (turn + 1)
        level += edges.delta[current]
        peak = max(peak, level)
        turn -= rings.height[current]
        current = rings.follower[current]
        if current == node:
            return base + peak
