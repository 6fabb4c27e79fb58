"""Whether jobs that ran together ended with the parameters that each has when it is trained alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

from gapweave.executor.run_result import JobParity
from gapweave.executor.runtime.digests import module_digests
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.threads import one_thread
from gapweave.executor.runtime.virtual_devices.setup import first_gpu, share_device
from gapweave.executor.training.accumulation import accumulation_orders
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.solo import train_alone


def parity_with_training_alone(
    plan: Plan,
    options: RunOptions,
    jobs: Sequence[TrainingJob] | None,
    digests: Mapping[str, str],
    completed: int,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[JobParity, ...]:
    """Train each job alone for as many steps, and compare every parameter bit by bit.

    Parameters
    ----------
    jobs
        Those that ran; None makes them again as the options say.
    digests
        Of all parameters after the run.
    completed
        Steps of the schedule that the run completed, with those of earlier runs.
    stopped
        Asked now and then: whether to end.

    Raises
    ------
    Interrupted
        It was stopped.
    """
    made = jobs_of(plan.schedule, options) if jobs is None else jobs
    with one_thread(), _place_of(plan, options.backend) as place:
        return tuple(
            _parity(plan, number, job, digests, completed, place, stopped)
            for number, job in enumerate(made)
            if number in plan.trained
        )


def _parity(
    plan: Plan,
    number: int,
    job: TrainingJob,
    digests: Mapping[str, str],
    completed: int,
    place: torch.device,
    stopped: Callable[[], bool],
) -> JobParity:
    schedule = plan.schedule
    planned = schedule.instance.jobs[number]
    orders = accumulation_orders(schedule, number)
    steps = completed * schedule.steps[number]
    alone = train_alone(job, planned.microbatch_count, orders, steps, place, stopped)
    expected = {
        name: digest
        for stage, module in enumerate(alone.stages)
        for name, digest in module_digests(number, stage, dict(module.named_parameters())).items()
    }
    own = {name: digest for name, digest in digests.items() if name.startswith(f"{number}/")}
    differing = [name for name in sorted(expected.keys() | own.keys()) if expected.get(name) != own.get(name)]
    return JobParity(planned.name, len(expected), tuple(differing))


@contextmanager
def _place_of(plan: Plan, backend: str) -> Iterator[torch.device]:
    """Compute where the run did: kernels are chosen for it, and sums of floats depend on the kernel."""
    if backend != "one-gpu":
        yield first_gpu() if backend == "nccl" else torch.device("cpu")
        return
    place = first_gpu()
    share = share_device(place, plan.ranks).streams[0]
    with share.active():
        yield place
    share.synchronize()
