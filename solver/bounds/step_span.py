"""Lower bound on the period: all steps of a job that a period has, one after the other on one stage."""

from gapweave.models.bounds.step_span import downstream_paths, longest_head, step_span
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound
from gapweave.solver.stopping import Stopping

#: Above this many (stages x tasks) only the first stages of each job are looked at.
_MOST_WORK = 3_000_000


def propose(instance: Instance, steps: tuple[int, ...], stopping: Stopping | None = None) -> ProvenBound:
    """Return the largest span of any stage of any job, times its steps in a period.

    What a memory limit adds to a span takes long to find where the limit is tight. It is looked for last,
    for the stages that are longest without it first. Once ``stopping`` says so, no more stages are looked at.
    """
    unlimited = _without_limits(instance)
    spans: list[tuple[int, int, int, int]] = []
    for number, first in _stages(instance):
        if stopping and spans:
            break
        spans.append(_span(unlimited, steps, number, first))
    for _, job, stage, _ in sorted(spans, reverse=True) if unlimited != instance else ():
        if stopping:
            break
        spans.append(_span(instance, steps, -job, -stage))
    value, job, stage, head = max(spans)
    certificate = {"job": -job, "stage": -stage, "head": head}
    return ProvenBound(value, Bound(argument="step-span", certificate=certificate))


def _without_limits(instance: Instance) -> Instance:
    devices = tuple(device.model_copy(update={"memory_capacity": None}) for device in instance.devices)
    return instance.model_copy(update={"devices": devices})


def _stages(instance: Instance) -> list[tuple[int, int]]:
    """Return (job, stage) of all stages to look at, the first stage of every job first."""
    stages = []
    for number, job in enumerate(instance.jobs):
        count = len(job.stages) if len(job.stages) * job.task_count <= _MOST_WORK else 2
        stages += [(number, stage) for stage in range(min(count, len(job.stages)))]
    return sorted(stages, key=lambda place: place[1])


def _span(instance: Instance, steps: tuple[int, ...], job: int, stage: int) -> tuple[int, int, int, int]:
    """Return the span of a stage that its best threshold of heads proves, where it is, and the threshold.

    Job and stage are negative, so that the first of equals is the largest.
    """
    paths = downstream_paths(instance, job, stage)
    head = longest_head(paths)
    return steps[job] * step_span(paths, head), -job, -stage, head
