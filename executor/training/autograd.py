"""Backward passes of one stage, whole or split: the only place that calls torch's private functions for it.

torch.distributed.pipelining has three pure functions that need no process group. A split backward first
finds the gradients of the inputs, and keeps where each weight's gradient branches off for later.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.distributed.pipelining import _backward

from gapweave.models.errors import ExecutionFailed


class Deferred(NamedTuple):
    """What a split backward leaves to do for the weights."""

    parameter_groups: list[dict[str, Any]]


class DeferredGraph(NamedTuple):
    """A whole graph that is left for the weights, because not every output depends on the inputs."""

    outputs: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]


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
) -> tuple[list[Tensor | None], Deferred | DeferredGraph]:
    """Return the gradients of the inputs, and what is left to do for the weights.

    torch looks for the weights' gradients only where they join the way from the outputs to the inputs: a
    weight behind an output that no input leads to would be left out without a word.

    Raises
    ------
    ExecutionFailed
        The stage uses reentrant activation checkpointing.
    """
    try:
        if not all(_depends_on(output, inputs) for output in outputs if output.requires_grad):
            return _inputs_only(outputs, gradients, inputs)
        found, groups = _backward.stage_backward_input(
            list(outputs), None if gradients is None else list(gradients), list(inputs), iter(parameters)
        )
    except RuntimeError as exc:
        if "use_reentrant" in f"{exc} {exc.__cause__}":
            problem = "torch.utils.checkpoint with use_reentrant=True does not go with a split backward pass"
            raise ExecutionFailed(problem) from exc
        raise
    for tensor in inputs:
        tensor.grad = None
    return list(found), Deferred(groups)


def weight_backward(parameters: Sequence[nn.Parameter], deferred: Deferred | DeferredGraph) -> None:
    """Add the gradients of the weights to ``.grad``."""
    if isinstance(deferred, DeferredGraph):
        torch.autograd.backward(deferred.outputs, deferred.gradients, inputs=list(parameters))
        return
    _backward.stage_backward_weight(iter(parameters), deferred.parameter_groups)


def _inputs_only(
    outputs: Sequence[Tensor], gradients: Sequence[Tensor] | None, inputs: Sequence[Tensor]
) -> tuple[list[Tensor | None], DeferredGraph]:
    given = map(torch.ones_like, outputs) if gradients is None else gradients
    pairs = [pair for pair in zip(outputs, given, strict=True) if pair[0].requires_grad]
    left = DeferredGraph(tuple(output for output, _ in pairs), tuple(gradient for _, gradient in pairs))
    found = torch.autograd.grad(
        left.outputs, list(inputs), left.gradients, retain_graph=True, allow_unused=True
    )
    return list(found), left


def _depends_on(output: Tensor, inputs: Sequence[Tensor]) -> bool:
    """Whether the history of an output leads to one of the inputs, which are leaves."""
    leaves = set(map(id, inputs))
    if id(output) in leaves:
        return True
    seen: set[Node] = set()
    waiting = [output.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if id(getattr(node, "variable", None)) in leaves:
            return True
        waiting += [before for before, _ in node.next_functions]
    return False
