"""What shaving looks at: distances between tasks, and devices with their time and memory, in flat arrays."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.arcs import Arc, equal_job_arcs, input_arcs, microbatch_arcs, turnaround_arcs
from gapweave.solver.domains import earliest_starts, latest_starts
from gapweave.solver.held_memory import Hold, holds_on
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.slices import pointers, pointers_by


class Arcs(NamedTuple):
    """Arcs by their source: of node ``i`` those at ``pointer[i] .. pointer[i + 1] - 1``."""

    pointer: Int64Array
    target: Int64Array
    delay: Int64Array

    @classmethod
    def of(cls, source: Int64Array, target: Int64Array, delay: Int64Array, nodes: int) -> "Arcs":
        """Sort arcs by source."""
        order = np.argsort(source, kind="stable")
        return cls(pointers_by(source, nodes), target[order], delay[order])


class Holds(NamedTuple):
    """Memory that is held from the start of one task to the end of another.

    Attributes
    ----------
    pointer
        Those on device ``k`` are ``pointer[k] .. pointer[k + 1] - 1``; none if all fit at once.
    claim, release, amount
        The first task, the last one, and how much; shape (holds,).
    free, greatest
        Of each device: the capacity for all of these, and the greatest amount; shape (devices,).
    """

    pointer: Int64Array
    claim: Int64Array
    release: Int64Array
    amount: Int64Array
    free: Int64Array
    greatest: Int64Array

    @classmethod
    def of(cls, problem: Problem) -> "Holds":
        """Lay out the arrays."""
        capacities = free_capacities(problem.instance)
        held: list[list[Hold]] = [[] for _ in capacities]
        for device, capacity in enumerate(capacities):
            holds = list(holds_on(problem.arrays, device))
            if capacity is not None and sum(hold.amount for hold in holds) > capacity:
                held[device] = holds
        claim, release, amount = _columns(chain.from_iterable(held))
        return cls(
            pointers([len(holds) for holds in held]),
            claim,
            release,
            amount,
            np.array([capacity or 0 for capacity in capacities], dtype=np.int64),
            np.array([max((hold.amount for hold in holds), default=0) for holds in held], dtype=np.int64),
        )

    @property
    def mirror(self) -> "Holds":
        """The same with time running backwards."""
        return self._replace(claim=self.release, release=self.claim)


class Relaxation(NamedTuple):
    """What is looked at of a problem.

    Attributes
    ----------
    duration, device
        Shape (nodes,); device -1 for milestones.
    arcs, mirrored
        Forwards, and as they are when time runs backwards and a task's end is its start.
    device_pointer, device_tasks
        The tasks of device ``k`` are ``device_tasks[device_pointer[k] .. device_pointer[k + 1] - 1]``.
    holds
        What must fit into the devices' memory.
    """

    duration: Int64Array
    device: Int64Array
    arcs: Arcs
    mirrored: Arcs
    device_pointer: Int64Array
    device_tasks: Int64Array
    holds: Holds

    @classmethod
    def of(cls, problem: Problem) -> "Relaxation":
        """Lay out the arrays."""
        arrays = problem.arrays
        nodes, duration = arrays.node_count, arrays.duration
        families = (microbatch_arcs, equal_job_arcs, input_arcs, turnaround_arcs)
        source, target, delay = _columns(chain.from_iterable(family(problem) for family in families))
        mirrored_delay = delay + duration[target] - duration[source]
        by_device = np.argsort(arrays.device, kind="stable")
        return cls(
            duration,
            arrays.device,
            Arcs.of(source, target, delay, nodes),
            Arcs.of(target, source, mirrored_delay, nodes),
            pointers_by(arrays.device[arrays.device >= 0], len(arrays.instance.devices)),
            by_device[(arrays.device < 0).sum() :],
            Holds.of(problem),
        )

    @property
    def mirror(self) -> "Relaxation":
        """The same with time running backwards."""
        return self._replace(arcs=self.mirrored, mirrored=self.arcs, holds=self.holds.mirror)


class Domains(NamedTuple):
    """Between which times each node runs; shape (nodes,), in ticks.

    Attributes
    ----------
    early
        Earliest start.
    late
        Latest end, negative: the earliest start when time runs backwards.
    """

    early: Int64Array
    late: Int64Array

    @classmethod
    def of(cls, problem: Problem, horizon: int) -> "Domains":
        """Return what heads, tails and pinned times say of schedules that end by ``horizon``."""
        early = earliest_starts(problem).copy()
        late = -(latest_starts(problem, horizon) + problem.arrays.duration)
        if problem.pinned is not None:
            fixed = problem.is_pinned
            early[fixed] = problem.pinned[fixed]
            late[fixed] = -(problem.pinned + problem.arrays.duration)[fixed]
        return cls(early, late)


def _columns(rows: Iterable[Arc] | Iterable[Hold]) -> tuple[Int64Array, Int64Array, Int64Array]:
    table = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()
