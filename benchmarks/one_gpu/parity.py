"""Whether two jobs that are woven together end with bitwise the parameters of each job trained alone."""

from collections.abc import Sequence

import torch

from gapweave.executor.runtime.digests import module_digests, parameter_digests
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.virtual_devices.setup import virtual_devices
from gapweave.executor.runtime.virtual_devices.streams import Stream
from gapweave.executor.training.accumulation import accumulation_orders
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.solo import train_alone
from gapweave.models.schedule import Schedule

_STEPS = 5


def parity_lines(
    schedule: Schedule, jobs: Sequence[TrainingJob], device: torch.device, streams: Sequence[Stream]
) -> list[str]:
    """Train both ways for some steps; return a line for each job.

    The reference runs in the first share: kernels are chosen for where they run, and sums of floats depend on
    the kernel.
    """
    woven = _woven(schedule, jobs, device, streams)
    lines = []
    for number, job in enumerate(jobs):
        alone = _alone(schedule, number, job, device, streams[0])
        equal = sum(woven[name] == digest for name, digest in alone.items())
        verdict = "bitwise equal" if equal == len(alone) else "DIFFERENT"
        name = schedule.instance.jobs[number].name
        lines.append(f"{name} after {_STEPS} steps: {equal} of {len(alone)} parameters as alone: {verdict}")
    return lines


def _woven(
    schedule: Schedule, jobs: Sequence[TrainingJob], device: torch.device, streams: Sequence[Stream]
) -> dict[str, str]:
    devices = virtual_devices(Plan.of(schedule), jobs, RunOptions(steps=_STEPS), device, streams)
    for step in range(_STEPS):
        devices.issue(step)
    devices.finish()
    stages = {key: stage for one in devices.interpreters for key, stage in one.stages.items()}
    return parameter_digests(stages)


def _alone(
    schedule: Schedule, number: int, job: TrainingJob, device: torch.device, stream: Stream
) -> dict[str, str]:
    microbatches = schedule.instance.jobs[number].microbatch_count
    orders = accumulation_orders(schedule, number)
    with stream.active():
        trained = train_alone(job, microbatches, orders, _STEPS, device)
    stream.synchronize()
    digests: dict[str, str] = {}
    for stage, module in enumerate(trained.stages):
        digests |= module_digests(number, stage, dict(module.named_parameters()))
    return digests
