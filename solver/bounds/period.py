"""Lower bounds on the period: load, spans and ramps of steps, memory; the best of them."""

from operator import mul

from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds import memory_time, step_ramps, step_span
from gapweave.solver.bounds.proven import ProvenBound
from gapweave.solver.stopping import Stopping


def period_bound(instance: Instance, steps: tuple[int, ...], stopping: Stopping | None = None) -> ProvenBound:
    """Return the largest lower bound on the period in which each job does its steps.

    ``stopping`` ends the search for better ones where they take long.
    """
    proposed = (
        _load(instance, steps),
        step_span.propose(instance, steps, stopping),
        step_ramps.propose(instance, steps),
        memory_time.propose(instance, steps),
    )
    return max(filter(None, proposed), key=lambda bound: bound.value)


def _load(instance: Instance, steps: tuple[int, ...]) -> ProvenBound:
    """A device runs one task at a time."""
    of_jobs = [job.loads(len(instance.devices)) for job in instance.jobs]
    loads = [sum(map(mul, steps, own)) for own in zip(*of_jobs, strict=True)]
    device = loads.index(max(loads))
    return ProvenBound(loads[device], Bound(argument="device-load", certificate={"device": device}))
