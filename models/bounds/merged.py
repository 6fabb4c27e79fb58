"""Equal jobs as one job: a relaxation that strengthens bounds where jobs share memory."""

from gapweave.models.instance import Instance, Job


def merge_equal_jobs(instance: Instance) -> Instance | None:
    """Return the instance with jobs of equal stages merged into one; None if there are no two such jobs.

    Jobs are equal if their stages have the same devices, durations, memory deltas and transfers. The merged
    job has all their microbatches, the earliest release, their resident memory together, and no optimizer.

    Every schedule of the jobs is a schedule of the merged job: number the microbatches of each (kind, stage)
    in the order in which they run. The k-th task of a kind on a stage then follows k tasks that feed it, so
    every precedence holds. A lower bound on the merged instance therefore holds for the original.
    """
    groups: dict[Job, list[Job]] = {}
    for job in instance.jobs:
        groups.setdefault(_kernel(job), []).append(job)
    if len(groups) == len(instance.jobs):
        return None
    merged = (jobs[0] if len(jobs) == 1 else _merged(kernel, jobs) for kernel, jobs in groups.items())
    return instance.model_copy(update={"jobs": tuple(merged)})


def _kernel(job: Job) -> Job:
    """Return the job without what may differ between equal jobs."""
    stages = tuple(
        stage.model_copy(update={"optimizer": 0, "memory": stage.memory.model_copy(update={"resident": 0})})
        for stage in job.stages
    )
    return Job(
        name="",
        microbatches=1,
        stages=stages,
        forward_transfer=job.forward_lags,
        backward_transfer=job.backward_lags,
    )


def _merged(kernel: Job, jobs: list[Job]) -> Job:
    stages = tuple(
        stage.model_copy(
            update={
                "memory": stage.memory.model_copy(
                    update={"resident": sum(job.stages[number].memory.resident for job in jobs)}
                )
            }
        )
        for number, stage in enumerate(kernel.stages)
    )
    return kernel.model_copy(
        update={
            "name": jobs[0].name,
            "microbatches": sum(job.microbatch_count for job in jobs),
            "release": min(job.release for job in jobs),
            "stages": stages,
        }
    )
