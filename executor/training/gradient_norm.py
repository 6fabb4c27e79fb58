"""Clipping by the norm of the gradient of all stages together."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

#: Keeps the factor finite where the gradient vanishes.
_LEAST_NORM = 1e-6


def squared_norm(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Return the sum of the squares of all gradients, shape (), summed in the order of the parameters."""
    squares = [p.grad.detach().float().pow(2).sum() for p in parameters if p.grad is not None]
    return torch.stack(squares).sum() if squares else torch.zeros(())


def clip_factor(squared_norms: Iterable[Tensor], clip_norm: float) -> Tensor:
    """Return the factor, at most 1, by which all gradients are multiplied.

    Parameters
    ----------
    squared_norms
        Of each stage, in their order: a sum in another order may differ in the last bit.
    clip_norm
        The largest norm allowed.
    """
    total = torch.zeros(())
    for square in squared_norms:
        total = total + square.to(total.device)
    return torch.clamp(clip_norm / (total.sqrt() + _LEAST_NORM), max=1.0)
