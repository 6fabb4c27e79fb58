"""A run of all ranks on one GPU, or on the CPU with the same dispatcher."""

import os
from collections.abc import Callable, Sequence

import torch

from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of
from gapweave.executor.runtime.virtual_devices.channels import Mailbox, StreamTransport
from gapweave.executor.runtime.virtual_devices.dispatcher import Dispatcher
from gapweave.executor.runtime.virtual_devices.late_checks import LateCheckedStage
from gapweave.executor.runtime.virtual_devices.repeatable import choose_repeatable_kernels
from gapweave.executor.runtime.virtual_devices.sm_partition import Partition, partition
from gapweave.executor.runtime.virtual_devices.streams import HostStream, Stream
from gapweave.executor.training.job import TrainingJob

#: How many times the planned makespan a step may take, on top of the deadline of a run.
_PATIENCE = 10


def virtual_devices(
    plan: Plan,
    jobs: Sequence[TrainingJob],
    options: RunOptions,
    device: torch.device,
    streams: Sequence[Stream],
    check_stop: Callable[[], None] = lambda: None,
) -> Dispatcher:
    """Build every rank of a schedule on one device, each with a stream of its own.

    Everything that a rank keeps is made in its stream: memory belongs to the stream in which it was made.
    """
    mailbox = Mailbox()
    interpreters: list[Interpreter] = []
    made: list[LateCheckedStage] = []
    for rank in range(plan.ranks):
        with streams[rank].active():
            stages = _stages(plan, jobs, rank, device)
            transport = StreamTransport(rank, streams[rank], mailbox)
            interpreters.append(interpreter_of(plan, jobs, rank, stages, transport, options))
        streams[rank].synchronize()
        made += stages.values()
    made.sort(key=lambda stage: -stage.stage)  # what is not finite spreads from the last stage to the first
    judges = [stage.judge for stage in made]
    patience = options.deadline + _PATIENCE * plan.schedule.makespan * (plan.tick or 0.0)
    return Dispatcher(interpreters, plan.starts, streams, check_stop, judges, patience)


def _stages(
    plan: Plan, jobs: Sequence[TrainingJob], rank: int, device: torch.device
) -> dict[tuple[int, int], LateCheckedStage]:
    return {
        (number, stage): LateCheckedStage(
            job, number, len(job.stages), stage, device, microbatches=planned.microbatch_count
        )
        for number, (job, planned) in enumerate(zip(jobs, plan.schedule.instance.jobs, strict=True))
        for stage, place in enumerate(planned.stages)
        if place.device == rank
    }


def ranks_on_one_gpu(
    plan: Plan,
    jobs: Sequence[TrainingJob],
    options: RunOptions,
    check_stop: Callable[[], None] = lambda: None,
) -> Dispatcher:
    """Build every rank of a schedule on the first GPU; without one, on the CPU, where devices take turns."""
    device = first_gpu()
    if device.type == "cuda":
        choose_repeatable_kernels()
    streams = share_device(device, plan.ranks).streams
    return virtual_devices(plan, jobs, options, device, streams, check_stop)


def first_gpu() -> torch.device:
    """Return the first GPU, or the CPU if there is none; call it before CUDA starts in another way."""
    os.environ.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "32")  # streams would share 8 queues otherwise
    return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")


def share_device(device: torch.device, parts: int, *, split: bool = True) -> Partition:
    """Make one stream per virtual device: shares of a GPU's multiprocessors, or the CPU itself."""
    if device.type == "cpu":
        return Partition(tuple(HostStream() for _ in range(parts)), None, "the CPU: one task at a time")
    return partition(device, parts, split=split)
