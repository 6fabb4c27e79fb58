"""Lower bound on the period: all steps of a job that a period has, one after the other on one stage."""

from gapweave.models.bounds.step_span import downstream_paths, longest_head, step_span
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound

#: Above this many (stages x tasks) only the first stages of each job are looked at.
_MOST_WORK = 3_000_000


def propose(instance: Instance, steps: tuple[int, ...]) -> ProvenBound:
    """Return the largest span of any stage of any job, times its steps in a period."""
    best = (0, 0, 0, 0)
    for number, job in enumerate(instance.jobs):
        stages = len(job.stages) if len(job.stages) * job.task_count <= _MOST_WORK else 2
        for stage in range(stages):
            value, head = _longest(instance, number, stage)
            best = max(best, (steps[number] * value, -number, -stage, head))
    value, job_number, stage, head = best
    certificate = {"job": -job_number, "stage": -stage, "head": head}
    return ProvenBound(value, Bound(argument="step-span", certificate=certificate))


def _longest(instance: Instance, job: int, stage: int) -> tuple[int, int]:
    """Return the span of a stage that its best threshold of heads proves, and the threshold."""
    paths = downstream_paths(instance, job, stage)
    head = longest_head(paths)
    return step_span(paths, head), head
