"""What the single-job policies share."""

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Job
from gapweave.models.task_arrays import TaskArrays


def require_single_job(arrays: TaskArrays, policy: str) -> Job:
    """Return the only job; raises NotApplicable if there are several."""
    if len(arrays.instance.jobs) > 1:
        raise NotApplicable(f"{policy} schedules one job, this instance has {len(arrays.instance.jobs)}")
    return arrays.instance.jobs[0]


def nodes_of(arrays: TaskArrays, kind: int, stage: int) -> list[int]:
    """Return the nodes of one kind on one stage in microbatch order; empty if there are none."""
    block = arrays.block(0, kind, stage)
    return [] if block is None else list(block.nodes)
