"""What shaving looks at: tasks that keep their distances, and devices that run one task at a time."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

import numpy as np

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.arcs import Arc, equal_job_arcs, input_arcs, microbatch_arcs, turnaround_arcs
from gapweave.solver.domains import earliest_starts, latest_starts
from gapweave.solver.problem import Problem
from gapweave.solver.slices import pointers_by


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


class Relaxation(NamedTuple):
    """A problem without its memory, but for what that says of distances.

    Attributes
    ----------
    duration, device
        Shape (nodes,); device -1 for milestones.
    arcs, mirrored
        Forwards, and as they are when time runs backwards and a task's end is its start.
    device_pointer, device_tasks
        The tasks of device ``k`` are ``device_tasks[device_pointer[k] .. device_pointer[k + 1] - 1]``.
    """

    duration: Int64Array
    device: Int64Array
    arcs: Arcs
    mirrored: Arcs
    device_pointer: Int64Array
    device_tasks: Int64Array

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
        )

    @property
    def mirror(self) -> "Relaxation":
        """The same with time running backwards."""
        return self._replace(arcs=self.mirrored, mirrored=self.arcs)


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


def _columns(arcs: Iterable[Arc]) -> tuple[Int64Array, Int64Array, Int64Array]:
    table = np.array(list(arcs), dtype=np.int64).reshape(-1, 3)
    return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()
