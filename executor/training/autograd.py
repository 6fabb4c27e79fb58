"""Backward passes of one stage, whole or split: the only place that calls torch's private functions for it.

torch.distributed.pipelining has three pure functions that need no process group. A split backward first
finds the gradients of the inputs, and keeps where each weight's gradient branches off for later.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributed.pipelining import _backward


class Deferred(NamedTuple):
    """What a split backward leaves to do for the weights."""

    parameter_groups: list[dict[str, Any]]


def whole_backward(
    outputs: Sequence[Tensor], gradients: Sequence[Tensor] | None, inputs: Sequence[Tensor]
) -> list[Tensor | None]:
    """Add the gradients of the weights to ``.grad``; return those of the inputs.

    Parameters
    ----------
    gradients
        Of the outputs; None where the only output is the loss.
    """
    weights = [torch.ones_like(output) for output in outputs] if gradients is None else list(gradients)
    found = _backward.stage_backward(tuple(outputs), tuple(weights), list(inputs))
    return list(found)


def input_backward(
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor] | None,
    inputs: Sequence[Tensor],
    parameters: Sequence[nn.Parameter],
) -> tuple[list[Tensor | None], Deferred]:
    """Return the gradients of the inputs, and what is left to do for the weights."""
    found, groups = _backward.stage_backward_input(
        list(outputs), None if gradients is None else list(gradients), list(inputs), iter(parameters)
    )
    for tensor in inputs:
        tensor.grad = None
    return list(found), Deferred(groups)


def weight_backward(parameters: Sequence[nn.Parameter], deferred: Deferred) -> None:
    """Add the gradients of the weights to ``.grad``."""
    _backward.stage_backward_weight(iter(parameters), deferred.parameter_groups)
