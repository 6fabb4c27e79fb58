"""Lower bounds on the period: load, spans and ramps of steps, memory; the best of them."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from gapweave.models.bounds.arguments import PERIOD_ARGUMENTS
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds import step_span
from gapweave.solver.bounds.proven import ProvenBound


def period_bound(instance: Instance, steps: tuple[int, ...]) -> ProvenBound:
    """Return the largest lower bound on the period in which each job does its steps."""
    proposed = [_load(instance, steps), step_span.propose(instance, steps), *_of_devices(instance, steps)]
    return max(proposed, key=lambda bound: bound.value)


def _load(instance: Instance, steps: tuple[int, ...]) -> ProvenBound:
    """A device runs one task at a time."""
    loads = [0] * len(instance.devices)
    for job, count in zip(instance.jobs, steps, strict=True):
        for stage in job.stages:
            loads[stage.device] += count * (job.microbatch_count * stage.work + stage.optimizer)
    device = loads.index(max(loads))
    return ProvenBound(loads[device], Bound(argument="device-load", certificate={"device": device}))


def _of_devices(instance: Instance, steps: tuple[int, ...]) -> Iterator[ProvenBound]:
    """Yield what the steps of each job, and the memory of each device, take on it."""
    for device in range(len(instance.devices)):
        facts: list[tuple[str, dict[str, Any]]] = [("memory-time", {"device": device})]
        facts += [("step-ramps", {"job": job, "device": device}) for job in range(len(steps))]
        for argument, certificate in facts:
            with suppress(ValueError):
                value = PERIOD_ARGUMENTS[argument](instance, steps, certificate)
                yield ProvenBound(value, Bound(argument=argument, certificate=certificate))
