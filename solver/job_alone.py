"""One job of an instance scheduled as if it were alone on the devices."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gapweave.models.errors import InvalidOption, NotApplicable
from gapweave.models.instance import Instance, Job
from gapweave.models.schedule import Primary, Schedule
from gapweave.models.task import KINDS
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.heuristics.base import Heuristic
from gapweave.solver.heuristics.registry import heuristic, single_job_policies
from gapweave.solver.timing import with_milestones

#: Latest start in a given schedule; more would overflow the arithmetic on times.
_LATEST = 2**43


@dataclass(frozen=True, eq=False)
class JobAlone:
    """A job's own schedule; ``starts`` of all its nodes in ticks, in the order of its own task arrays."""

    source: str
    arrays: TaskArrays
    starts: Int64Array

    @property
    def makespan(self) -> int:
        """End of its last task, in ticks."""
        return int((self.starts + self.arrays.duration).max())

    def as_primary(self) -> Primary:
        """Return the promise of mode ``fill`` to this job: exactly these times."""
        return Primary(
            source=self.source,
            makespan=self.makespan,
            limit=self.makespan,
            tasks=tuple(
                (KINDS[block.kind], block.stage, node - block.first if block.kind < 3 else None, start)
                for block in self.arrays.blocks
                if block.device >= 0
                for node, start in zip(block.nodes, self._span(block.first, block.size), strict=True)
            ),
        )

    def _span(self, first: int, size: int) -> list[int]:
        return [int(start) for start in self.starts[first : first + size]]


def alone(instance: Instance, job: int, policy: Heuristic) -> JobAlone:
    """Schedule one job alone under a policy; the others' resident memory stays taken (NotApplicable)."""
    arrays = TaskArrays.build(instance.with_jobs(job))
    return JobAlone(policy.name, arrays, policy.plan(arrays).starts)


@lru_cache(maxsize=16)
def best_alone(instance: Instance, job: int) -> JobAlone:
    """Schedule one job alone under a policy or as a list, whichever ends first (NotApplicable)."""
    return _first_to_end(instance, job, (*single_job_policies().values(), heuristic("priority-list")))


@lru_cache(maxsize=16)
def best_policy(instance: Instance, job: int) -> JobAlone:
    """Schedule one job alone under the policy that ends first, without compiled loops (NotApplicable)."""
    return _first_to_end(instance, job, single_job_policies().values())


def _first_to_end(instance: Instance, job: int, methods: Iterable[Heuristic]) -> JobAlone:
    found = []
    for method in methods:
        with suppress(NotApplicable):
            found.append(alone(instance, job, method))
    if not found:
        raise NotApplicable(f"no policy applies to job {instance.jobs[job].name!r} alone")
    return min(found, key=lambda one: one.makespan)


def from_schedule(instance: Instance, schedule: Schedule, source: str) -> JobAlone:
    """Take the first job's times from a schedule of a job like it (InvalidOption)."""
    theirs, ours = schedule.instance.jobs[0], instance.jobs[0]
    if _training(theirs) != _training(ours):
        raise InvalidOption(f"{source}: its first job is not the primary {ours.name!r} of this instance")
    if schedule.steps[0] != 1:
        raise InvalidOption(f"{source}: expected one step of its first job")
    arrays = TaskArrays.build(instance.with_jobs(0))
    starts = np.full(arrays.node_count, -1, dtype=np.int64)
    for row in schedule.tasks:
        if row.job == 0:
            block = arrays.block(0, KINDS.index(row.kind), row.stage)
            if block is None or not 0 <= (row.microbatch or 0) < block.size:
                raise InvalidOption(f"{source}: has {row.task}, which the primary does not have")
            starts[block.first + (row.microbatch or 0)] = row.start
    if starts.max() > _LATEST:
        raise InvalidOption(f"{source}: starts a task at {starts.max()}, expected at most {_LATEST}")
    if (starts[: arrays.task_count] < 0).any():
        raise InvalidOption(f"{source}: does not schedule every task of the primary")
    milestones = range(arrays.task_count, arrays.node_count)
    return JobAlone(source, arrays, with_milestones(starts, arrays, milestones))


def _training(job: Job) -> tuple[object, ...]:
    """Return what makes two jobs the same training, however their files write it."""
    lags = (job.forward_lags, job.backward_lags)
    return job.microbatch_count, job.stages, lags, job.release, job.optimizer_barrier


def in_turn(arrays: TaskArrays, jobs: Iterable[JobAlone]) -> Int64Array:
    """Run the jobs one after the other, each as it is scheduled alone; returns starts of all nodes."""
    starts = np.full(arrays.node_count, -1, dtype=np.int64)
    ended = 0
    for job, own in enumerate(jobs):
        shift = max(0, ended - arrays.instance.jobs[job].release)
        _lift(own.starts + shift, arrays, job, starts)
        ended = own.makespan + shift
    return starts


def _lift(own: Int64Array, arrays: TaskArrays, job: int, starts: Int64Array) -> None:
    """Write a job's own node starts into those of an instance with several jobs."""
    first = 0
    for milestones in (False, True):  # tasks of all jobs come before milestones of all jobs
        for block in arrays.blocks:
            if block.job == job and (block.device < 0) == milestones:
                starts[block.first : block.first + block.size] = own[first : first + block.size]
                first += block.size
