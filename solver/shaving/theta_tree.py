"""Theta-Lambda trees: when a set of tasks ends at the earliest, kept up to date as tasks enter and leave it.

Leaves are tasks by earliest start; a node tells of the tasks below it. ``load`` is the time that those of
the set take, ``end`` when they end at the earliest; ``load_with`` and ``end_with`` are the greatest of these
with at most one of the tasks that are marked. Node 1 is the root, the children of ``i`` are ``2 i`` and
``2 i + 1``.

References
----------
P. Vilim, R. Bartak, O. Cepek, "Extension of O(n log n) filtering algorithms for the unary resource constraint
to optional activities", Constraints 10 (2005), doi:10.1007/s10601-005-2814-0.
"""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.compiled import inlined

NEVER = -(2**60)


class ThetaTree(NamedTuple):
    """Room for a tree; shape (2 leaves,)."""

    load: Int64Array
    end: Int64Array
    load_with: Int64Array
    end_with: Int64Array

    @classmethod
    def of(cls, tasks: int) -> "ThetaTree":
        """Make room for so many tasks."""
        return cls(*(np.empty(2 * leaves_for(tasks), dtype=np.int64) for _ in range(4)))


def leaves_for(tasks: int) -> int:
    """Return how many leaves a tree for so many tasks has."""
    return 1 << max(0, tasks - 1).bit_length()


@inlined
def empty(tree, leaves):  # type: ignore[no-untyped-def]
    """Take all tasks out of the set; says nothing of marked ones."""
    for node in range(1, 2 * leaves):
        tree.load[node], tree.end[node] = 0, NEVER


@inlined
def join(load, end, node):  # type: ignore[no-untyped-def]
    """Work out a node of the set from its two children."""
    left, right = 2 * node, 2 * node + 1
    load[node] = load[left] + load[right]
    end[node] = max(end[right], end[left] + load[right])


@inlined
def put(load, end, node, own_load, own_end):  # type: ignore[no-untyped-def]
    """Say what a leaf adds to the set; says nothing of marked ones."""
    load[node], end[node] = own_load, own_end
    node //= 2
    while node > 0:
        join(load, end, node)
        node //= 2


@inlined
def end_without(load, end, node):  # type: ignore[no-untyped-def]
    """Return when the set ends at the earliest without the task of a leaf."""
    own_load, own_end = 0, NEVER
    while node > 1:
        if node % 2 == 0:
            own_end = max(end[node + 1], own_end + load[node + 1])
            own_load += load[node + 1]
        else:
            own_end = max(own_end, end[node - 1] + own_load)
            own_load += load[node - 1]
        node //= 2
    return own_end


@inlined
def fill(tree, leaves):  # type: ignore[no-untyped-def]
    """Work out all inner nodes from the leaves, of which none is marked."""
    for node in range(leaves - 1, 0, -1):
        join(tree.load, tree.end, node)
    for node in range(1, 2 * leaves):
        tree.load_with[node], tree.end_with[node] = tree.load[node], tree.end[node]


@inlined
def lift(tree, node):  # type: ignore[no-untyped-def]
    """Work out what lies above a leaf."""
    load, end, load_with, end_with = tree.load, tree.end, tree.load_with, tree.end_with
    node //= 2
    while node > 0:
        left, right = 2 * node, 2 * node + 1
        join(load, end, node)
        load_with[node] = max(load_with[left] + load[right], load[left] + load_with[right])
        end_with[node] = max(end_with[right], max(end[left] + load_with[right], end_with[left] + load[right]))
        node //= 2


@inlined
def culprit(tree, leaves):  # type: ignore[no-untyped-def]
    """Return the leaf of the marked task by which the set with it ends latest."""
    load, end, load_with, end_with = tree.load, tree.end, tree.load_with, tree.end_with
    node, is_load = 1, False
    while node < leaves:
        left, right = 2 * node, 2 * node + 1
        if is_load:
            node = right if load_with[node] == load[left] + load_with[right] else left
        elif end_with[node] == end_with[right]:
            node = right
        elif end_with[node] == end[left] + load_with[right]:
            node, is_load = right, True
        else:
            node = left
    return node
