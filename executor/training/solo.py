"""The same job trained alone in one process: what interleaving must not change by a single bit.

It shares no code with the interpreter or the stages' passes: ordinary autograd through the whole model, one
microbatch after the other. Only two things are taken over, because sums of floats and random draws depend on
them: the order in which each stage adds up its gradients, and the random state of each forward pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gapweave.executor.training.accumulation import Orders
from gapweave.executor.training.gradient_norm import clip_factor, squared_norm
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.random_state import seed_forward
from gapweave.executor.training.signature import as_tuple
from gapweave.executor.training.stage import build_stage
from gapweave.models.errors import Interrupted


@dataclass(frozen=True, eq=False)
class Alone:
    """A job trained alone: its stages, and the losses of the microbatches of each step."""

    stages: tuple[nn.Module, ...]
    losses: tuple[tuple[float, ...], ...]


def train_alone(
    job: TrainingJob,
    microbatches: int,
    orders: Sequence[Orders],
    steps: int,
    device: torch.device | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Alone:
    """Train a job for some steps without any pipeline.

    Parameters
    ----------
    orders
        How each stage adds up the gradients of its microbatches, for as many steps as the schedule has;
        they repeat. See `gapweave.executor.training.accumulation.accumulation_orders`.
    stopped
        Asked before every microbatch: whether to end.

    Raises
    ------
    Interrupted
        It was stopped.
    """
    place = device or torch.device("cpu")
    stages = tuple(build_stage(job, stage).to(place).train() for stage in range(len(job.stages)))
    optimizers = [job.optimizer(own) if (own := _trained(stage)) else None for stage in stages]
    losses = []
    for step in range(steps):
        passes = []
        for number in range(microbatches):
            if stopped():
                raise Interrupted("stopped while a job trained alone")
            passes.append(_one_pass(job, stages, step, number, microbatches, place))
        for stage, order in zip(stages, orders[step % len(orders)], strict=True):
            _add_up(stage, [passes[number][1] for number in order])
        _clip(job, stages)
        for optimizer in optimizers:
            if optimizer is not None:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
        losses.append(tuple(loss for loss, _ in passes))
    return Alone(stages, tuple(losses))


def _one_pass(
    job: TrainingJob, stages: Sequence[nn.Module], step: int, number: int, count: int, place: torch.device
) -> tuple[float, dict[nn.Parameter, Tensor]]:
    """Return loss and gradients of one microbatch, forward and backward through all stages."""
    inputs, target = (_placed(as_tuple(values), place) for values in job.microbatch(step, number))
    values = inputs
    for stage, module in enumerate(stages):
        seed_forward(job.seed, step, stage, number)
        values = as_tuple(module(*values))
    loss = job.loss(*(part[0] if len(part) == 1 else part for part in (values, target)))
    (loss * (1.0 / count)).backward()  # type: ignore[no-untyped-call]
    gradients = {}
    for stage_module in stages:
        for parameter in _trained(stage_module):
            if parameter.grad is not None:
                gradients[parameter] = parameter.grad
                parameter.grad = None
    return float(loss.detach()), gradients


def _add_up(stage: nn.Module, gradients: Sequence[dict[nn.Parameter, Tensor]]) -> None:
    for parameter in _trained(stage):
        for own in gradients:
            if parameter in own:
                total = parameter.grad
                parameter.grad = own[parameter].clone() if total is None else total + own[parameter]


def _clip(job: TrainingJob, stages: Sequence[nn.Module]) -> None:
    if job.clip_norm is None:
        return
    factor = clip_factor([squared_norm(_trained(stage)) for stage in stages], job.clip_norm)
    for stage in stages:
        for parameter in _trained(stage):
            if parameter.grad is not None:
                parameter.grad.mul_(factor.to(parameter.grad.device))


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def _placed(values: tuple[Any, ...], place: torch.device) -> tuple[Any, ...]:
    return tuple(value.to(place) if isinstance(value, Tensor) else value for value in values)
