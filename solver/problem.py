"""One scheduling problem as every solver sees it: tasks, what is pinned, and what is already proven."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from gapweave.models.bounds import HeadsTails, PrimaryRoom, Windows
from gapweave.models.errors import Infeasible
from gapweave.models.instance import Instance, Job
from gapweave.models.schedule import Mode, Primary
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.bounds import ProvenBound, best_bound
from gapweave.solver.pinned import pinned_starts
from gapweave.solver.room import Room, free_capacities, rooms


@dataclass(frozen=True, eq=False)
class Problem:
    """Minimise the makespan of all jobs of an instance.

    Attributes
    ----------
    mode
        ``joint``: all tasks are free; ``fill``: the primary's are pinned.
    primary
        The pinned schedule (``fill``), or the primary's limit (``joint`` with a slack), or None.
    built
        The instance's task arrays, if they are built already.
    """

    instance: Instance
    mode: Mode = "joint"
    primary: Primary | None = None
    built: TaskArrays | None = field(default=None, repr=False)

    @cached_property
    def arrays(self) -> TaskArrays:
        """All tasks."""
        return TaskArrays.build(self.instance) if self.built is None else self.built

    @property
    def paths(self) -> HeadsTails:
        """Heads and tails of all tasks."""
        return self.arrays.paths

    def filling(self, primary: Primary) -> "Problem":
        """Return the problem of the same instance around a pinned primary."""
        return replace(self, mode="fill", primary=primary, built=self.arrays)

    @cached_property
    def bound(self) -> ProvenBound:
        """The best lower bound that needs no search."""
        return best_bound(self.paths, self.primary, self.windows)

    @cached_property
    def windows(self) -> Windows | None:
        """When the other jobs' tasks can run beside the primary; None if it may run at any time."""
        if self.primary is None or len(self.instance.jobs) == 1:
            return None
        return Windows(self.arrays, PrimaryRoom.of(self.paths, self.primary))

    @cached_property
    def pinned(self) -> Int64Array | None:
        """Start of each pinned node, -1 for the free ones, shape (nodes,); None if nothing is pinned."""
        if self.primary is None or self.primary.tasks is None:
            return None
        return pinned_starts(self.arrays, self.primary)

    @cached_property
    def rooms(self) -> tuple[Room, ...]:
        """What the pinned tasks leave free on each device."""
        return rooms(self.arrays, self.pinned)

    @cached_property
    def is_pinned(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """Whether each node is pinned, shape (nodes,)."""
        pinned = self.pinned
        return np.zeros(self.arrays.node_count, dtype=np.bool_) if pinned is None else pinned >= 0

    @property
    def primary_limit(self) -> int | None:
        """Largest allowed makespan of the primary in mode ``joint``, in ticks."""
        return self.primary.limit if self.primary is not None and self.mode == "joint" else None

    @cached_property
    def horizon(self) -> int:
        """Ticks within which some optimal schedule ends, if there is any schedule."""
        if self.primary is None or self.pinned is None:
            return self.instance.horizon
        return self.primary.makespan + sum(job.horizon for job in self.instance.jobs[1:])

    def makespan(self, starts: Int64Array) -> int:
        """Return the end of the last task, in ticks."""
        return int((starts + self.arrays.duration).max())

    def job_makespan(self, starts: Int64Array, job: int) -> int:
        """Return the end of the last task of one job, in ticks."""
        return int((starts + self.arrays.duration)[self.arrays.job == job].max())

    def admits(self, starts: Int64Array) -> bool:
        """Whether the times keep what the mode promises to the primary."""
        limit = self.primary_limit
        return limit is None or self.job_makespan(starts, 0) <= limit


def refuse_impossible_memory(instance: Instance) -> None:
    """Raise Infeasible if a device cannot hold one microbatch of each stage of some job at a time.

    When the last stage of a job has run a microbatch's forward, none of its stages has freed anything.
    """
    for device, free in enumerate(free_capacities(instance)):
        if free is None:
            continue
        name = instance.devices[device].name
        if free < 0:
            raise Infeasible(f"device {name!r}: resident memory exceeds the capacity by {-free}")
        for job in instance.jobs:
            needed = _single_microbatch_memory(job, device)
            if needed > free:
                raise Infeasible(
                    f"device {name!r}: one microbatch of job {job.name!r} holds {needed}, only {free} is free"
                )


def single_microbatch_needs(instance: Instance) -> tuple[int, ...]:
    """Return what each device must have free so that microbatches can run one at a time, shape (devices,)."""
    return tuple(
        max(_single_microbatch_memory(job, device) for job in instance.jobs)
        for device in range(len(instance.devices))
    )


def _single_microbatch_memory(job: Job, device: int) -> int:
    """Most that one microbatch holds on a device over all stages of the job there."""
    held, peak = 0, 0
    for stage in job.stages:
        if stage.device == device:
            peak = max(peak, held + stage.memory.peak)
            held += stage.memory.forward
    return max(peak, held)
