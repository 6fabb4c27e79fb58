"""What the single-job policies share."""

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Job
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.room import free_capacities


def require_single_job(arrays: TaskArrays, policy: str) -> Job:
    """Return the only job; raises NotApplicable if there are several."""
    if len(arrays.instance.jobs) > 1:
        raise NotApplicable(f"{policy} schedules one job, this instance has {len(arrays.instance.jobs)}")
    return arrays.instance.jobs[0]


def require_one_stage_per_device(arrays: TaskArrays, policy: str) -> Job:
    """Return the only job; raises NotApplicable if there are several, or if its stages share a device."""
    job = require_single_job(arrays, policy)
    if len({stage.device for stage in job.stages}) < len(job.stages):
        raise NotApplicable(f"{policy} needs one stage per device, here stages share a device")
    return job


def require_split_backward(job: Job, policy: str) -> None:
    """Raise NotApplicable unless the backward of some stage is split into B and W."""
    if not any(stage.is_split for stage in job.stages):
        raise NotApplicable(f"{policy} needs a backward split into B and W, this job's is in one task")


def nodes_of(arrays: TaskArrays, kind: int, stage: int) -> list[int]:
    """Return the nodes of one kind on one stage in microbatch order; empty if there are none."""
    block = arrays.block(0, kind, stage)
    return [] if block is None else list(block.nodes)


def require_room_for_one(arrays: TaskArrays) -> None:
    """Raise NotApplicable unless each device can hold one microbatch of every stage on it."""
    job, free = arrays.instance.jobs[0], free_capacities(arrays.instance)
    for number, stage in enumerate(job.stages):
        room = free[stage.device]
        others = sum(other.memory.peak for other in job.stages if other.device == stage.device)
        if room is not None and room < others:
            raise NotApplicable(f"stage {number} cannot hold a single microbatch, {room} is free")
