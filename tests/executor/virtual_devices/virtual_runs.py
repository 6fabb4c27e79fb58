"""Dispatchers for tests: of simulated stages, and of real ones of tiny jobs."""

from collections.abc import Sequence
from functools import partial

import torch
from simulated_streams import SimulatedStage, SimulatedStream
from torch import Tensor, nn

from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of
from gapweave.executor.runtime.virtual_devices.channels import Mailbox, StreamTransport
from gapweave.executor.runtime.virtual_devices.dispatcher import Dispatcher
from gapweave.executor.runtime.virtual_devices.setup import virtual_devices
from gapweave.executor.runtime.virtual_devices.streams import Stream
from gapweave.executor.training.job import TrainingJob
from gapweave.models.schedule import Schedule

_WIDTH = 4
_ROWS = 3


def simulated(schedule: Schedule, repetitions: int = 1) -> Dispatcher:
    """Return a dispatcher whose streams tell the planned durations."""
    plan, mailbox, jobs = Plan.of(schedule), Mailbox(), tiny_jobs(schedule)
    options = RunOptions(steps=repetitions, record_all=True)
    streams = [SimulatedStream() for _ in range(plan.ranks)]
    interpreters = []
    for rank in range(plan.ranks):
        stages = {
            (job, stage): SimulatedStage(schedule, job, stage, streams[rank])
            for job, planned in enumerate(schedule.instance.jobs)
            for stage, place in enumerate(planned.stages)
            if place.device == rank
        }
        transport = StreamTransport(rank, streams[rank], mailbox)
        interpreters.append(interpreter_of(plan, jobs, rank, stages, transport, options))
    return Dispatcher(interpreters, plan.starts, streams)


def training(schedule: Schedule, streams: Sequence[Stream], steps: int = 2) -> Dispatcher:
    """Return a dispatcher that trains a tiny job with dropout for each job of the schedule."""
    plan = Plan.of(schedule)
    options = RunOptions(steps=steps, record_all=True)
    return virtual_devices(plan, tiny_jobs(schedule), options, torch.device("cpu"), streams)


def tiny_jobs(schedule: Schedule) -> list[TrainingJob]:
    """Return a job for each one of the schedule, with clipping where the schedule allows it."""
    return [
        TrainingJob(
            stages=[_layer] * len(job.stages),
            loss=nn.functional.mse_loss,
            optimizer=partial(torch.optim.AdamW, lr=1e-2),
            microbatch=partial(_microbatch, number),
            seed=number,
            clip_norm=0.1 if job.optimizer_barrier else None,
        )
        for number, job in enumerate(schedule.instance.jobs)
    ]


def _layer() -> nn.Module:
    return nn.Sequential(nn.Linear(_WIDTH, _WIDTH), nn.GELU(), nn.Dropout(0.2))


def _microbatch(job: int, step: int, index: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(10_000 * job + 100 * step + index)
    return tuple(torch.randn(2, _ROWS, _WIDTH, generator=generator))  # type: ignore[return-value]
