"""Room for the loops of shaving to work in, so that they make no arrays."""

from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.shaving.relaxation import Relaxation
from gapweave.solver.shaving.theta_tree import ThetaTree


class Sorted(NamedTuple):
    """What was in order when it was last looked at, so that little has to be moved; slices of each device.

    Attributes
    ----------
    starts, ends
        Tasks by earliest start, and by earliest end.
    claims, releases
        Holds by the latest time of their claim, and by the earliest of their release.
    """

    starts: Int64Array
    ends: Int64Array
    claims: Int64Array
    releases: Int64Array

    @classmethod
    def of(cls, relaxation: Relaxation) -> "Sorted":
        """Begin in any order."""
        tasks, holds = relaxation.device_tasks, np.arange(len(relaxation.holds.claim))
        return cls(tasks.copy(), tasks.copy(), holds, holds.copy())


class Scratch(NamedTuple):
    """Room to work in, of one thread.

    Attributes
    ----------
    queue, is_queued
        Nodes whose successors are to be looked at: a ring, shape (nodes,).
    is_dirty
        Devices with a task that changed, shape (devices,).
    order, mirrored
        Tasks and holds, nearly in order.
    start, key, leaf
        Of the tasks of one device: new earliest starts, what they are sorted by, and their places in the
        tree; shape (nodes,).
    tree
        Of the tasks of one device.
    begin, end
        Of one device's holds: the latest claim, the earliest release.
    full_since, full_until, full_held
        When one device's memory has little room left, and how much is held then.
    changed
        Tasks of one device that changed.
    work
        Steps of the innermost loops so far, shape (1,).
    """

    queue: Int64Array
    is_queued: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    is_dirty: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    order: Sorted
    mirrored: Sorted
    start: Int64Array
    key: Int64Array
    leaf: Int64Array
    tree: ThetaTree
    begin: Int64Array
    end: Int64Array
    full_since: Int64Array
    full_until: Int64Array
    full_held: Int64Array
    changed: Int64Array
    work: Int64Array

    @classmethod
    def of(cls, relaxation: Relaxation) -> "Scratch":
        """Make room; every device is dirty."""
        nodes, holds = len(relaxation.duration), len(relaxation.holds.claim)
        devices = len(relaxation.device_pointer) - 1

        def room(size: int) -> Int64Array:
            return np.empty(size, dtype=np.int64)

        return cls(
            queue=room(nodes),
            is_queued=np.zeros(nodes, dtype=np.bool_),
            is_dirty=np.ones(devices, dtype=np.bool_),
            order=Sorted.of(relaxation),
            mirrored=Sorted.of(relaxation),
            start=room(nodes),
            key=room(nodes),
            leaf=room(nodes),
            tree=ThetaTree.of(int(np.diff(relaxation.device_pointer).max())),
            begin=room(holds),
            end=room(holds),
            full_since=room(2 * holds),
            full_until=room(2 * holds),
            full_held=room(2 * holds),
            changed=room(nodes + holds),
            work=np.zeros(1, dtype=np.int64),
        )

    @property
    def mirror(self) -> "Scratch":
        """The same room for the mirror image."""
        return self._replace(order=self.mirrored, mirrored=self.order)


class Side(NamedTuple):
    """One of the two directions of time: what is looked at, and the room for it."""

    relaxation: Relaxation
    scratch: Scratch

    @classmethod
    def of(cls, relaxation: Relaxation) -> "Side":
        """Make room to look at it forwards."""
        return cls(relaxation, Scratch.of(relaxation))

    @property
    def mirror(self) -> "Side":
        """The other direction, in the same room."""
        return Side(self.relaxation.mirror, self.scratch.mirror)
