"""A job trained by its stages' own passes, without a schedule: all forwards, then backwards as ordered."""

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

import torch
from torch import Tensor, nn

from gapweave.executor.training.job import StageSource, TrainingJob
from gapweave.executor.training.solo import train_alone
from gapweave.executor.training.stage import StageRunner

CPU = torch.device("cpu")
MICROBATCHES = 3
STEPS = 3
WIDTH = 6


def job_of(*stages: StageSource) -> TrainingJob:
    return TrainingJob(
        stages, nn.functional.mse_loss, partial(torch.optim.AdamW, lr=0.01), microbatch, seed=1
    )


def microbatch(step: int, index: int) -> tuple[Tensor, Tensor]:
    inputs = torch.randn(4, WIDTH, generator=torch.Generator().manual_seed(100 * step + index))
    return inputs, inputs.flip(1)


def runners_of(job: TrainingJob, microbatches: int = MICROBATCHES) -> list[StageRunner]:
    count = len(job.stages)
    return [StageRunner(job, 0, count, stage, CPU, microbatches=microbatches) for stage in range(count)]


def train_step(
    runners: Sequence[StageRunner], step: int, orders: Sequence[Sequence[int]], split: bool
) -> None:
    """All forwards, then the backwards of one stage after the other, each with its own W tasks."""
    for index in range(MICROBATCHES):
        values = None
        for runner in runners:
            values = runner.forward(step, index, values)
    gradients: dict[int, tuple[Tensor, ...] | None] = dict.fromkeys(range(MICROBATCHES))
    for runner, order in zip(reversed(runners), reversed(orders), strict=True):
        for index in order:
            gradients[index] = runner.backward(step, index, gradients[index], split)
        if split:
            for index in reversed(order):
                runner.weight(step, index)
    for runner in runners:
        runner.optimizer_step(step)


def train_step_on_devices(
    runners: Sequence[StageRunner],
    step: int,
    orders: Sequence[Sequence[int]],
    split: bool,
    *,
    devices: Sequence[int],
    late: int,
) -> None:
    """The same with receive buffers, which are overwritten as soon as the stage that received is done.

    Parameters
    ----------
    devices
        Of each stage: a message between two devices comes in a buffer, one device hands over the tensors.
    late
        The stage whose W tasks come after those of all others.
    """
    received: dict[tuple[int, int], list[Tensor]] = {}

    def handed_over(source: int, target: int, index: int, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        if devices[source] == devices[target]:
            return tensors
        buffers = [tensor.clone() for tensor in tensors]
        received.setdefault((target, index), []).extend(buffers)
        return buffers

    def overwrite(stage: int, index: int) -> None:
        for buffer in received.pop((stage, index), []):
            buffer.data.fill_(torch.nan)  # as a message does it: autograd does not know

    for index in range(MICROBATCHES):
        values = runners[0].forward(step, index, None)
        for stage, runner in enumerate(runners[1:], start=1):
            values = runner.forward(step, index, handed_over(stage - 1, stage, index, values))
    gradients: dict[int, Sequence[Tensor]] = {}
    last = len(runners) - 1
    for stage in range(last, -1, -1):
        for index in orders[stage]:
            given = None if stage == last else handed_over(stage + 1, stage, index, gradients[index])
            gradients[index] = runners[stage].backward(step, index, given, split)
            if not split:
                overwrite(stage, index)
    for stage in sorted(range(len(runners) if split else 0), key=lambda stage: stage == late):
        for index in reversed(orders[stage]):
            runners[stage].weight(step, index)
            overwrite(stage, index)
    for runner in runners:
        runner.optimizer_step(step)


def differences(job: TrainingJob, split: bool, **placed: Any) -> list[str]:
    """What differs in any bit from training alone: parameters, buffers and losses.

    Parameters
    ----------
    placed
        Of `train_step_on_devices`; without, all stages hand over what they made.
    """
    rng = Random(0)
    orders = [rng.sample(range(MICROBATCHES), MICROBATCHES) for _ in job.stages]
    added = tuple(tuple(reversed(order)) if split else tuple(order) for order in orders)
    alone = train_alone(job.copied(), MICROBATCHES, [added], STEPS)
    runners = runners_of(job.copied())
    losses = []
    for step in range(STEPS):
        if placed:
            train_step_on_devices(runners, step, orders, split, **placed)
        else:
            train_step(runners, step, orders, split)
        losses.append(tuple(runners[-1].losses(step)))
    differing = [] if tuple(losses) == alone.losses else ["losses"]
    for stage, (runner, module) in enumerate(zip(runners, alone.stages, strict=True)):
        own = runner.module.state_dict()
        differing += [
            f"{stage}/{name}"
            for name, value in module.state_dict().items()
            if not torch.equal(own[name], value)
        ]
    return differing
