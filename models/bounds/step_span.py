"""What one step of a job takes on one stage: in steady state its steps follow each other there."""

import numpy as np

from gapweave.models.bounds.heads_tails import HeadsTails, heads_and_tails
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import TaskArrays


def downstream(instance: Instance, job: int, stage: int) -> Instance:
    """Return the instance with one job only, and of that the stages from ``stage`` on."""
    alone = instance.with_jobs(job)
    own = alone.jobs[0]
    rest = {
        "stages": own.stages[stage:],
        "forward_transfer": own.forward_lags[stage:],
        "backward_transfer": own.backward_lags[stage:],
    }
    return alone.model_copy(update={"jobs": (own.model_copy(update=rest),)})


def downstream_paths(instance: Instance, job: int, stage: int) -> HeadsTails:
    """Return heads and tails of the tasks of one step of the stages from ``stage`` on."""
    return heads_and_tails(TaskArrays.build(downstream(instance, job, stage)))


def step_span(paths: HeadsTails, head: int) -> int:
    """Return the least time from the first F of a stage to the last task of the same step there.

    Parameters
    ----------
    paths
        Of the stages from this one on: the first F of stage 0 starts at 0, and nothing waits for the stages
        before it.
    head
        The value is ``head`` plus the durations of the stage's tasks that cannot start before it.

    Raises
    ------
    ValueError
        No task has such a head.
    """
    arrays = paths.arrays
    chosen = np.flatnonzero((arrays.stage == 0) & (arrays.device >= 0) & (paths.head >= head))
    if not len(chosen):
        raise ValueError("no task of the stage has such a head")
    return head + int(arrays.duration[chosen].sum())


def longest_head(paths: HeadsTails) -> int:
    """Return the head for which `step_span` is largest."""
    arrays = paths.arrays
    own = np.flatnonzero((arrays.stage == 0) & (arrays.device >= 0))
    order = own[np.argsort(-paths.head[own], kind="stable")]
    values = paths.head[order] + np.cumsum(arrays.duration[order])
    return int(paths.head[order[int(values.argmax())]])
