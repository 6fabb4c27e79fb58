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

#: What ``torch.autograd.backward`` calls after comparing shapes; here a message is compared when it is sent.
_run_backward = torch.autograd.Variable._execution_engine.run_backward


class Deferred(NamedTuple):
    """What a split backward leaves to do for the weights."""

    parameter_groups: list[dict[str, Any]]


class Roots(NamedTuple):
    """Where a backward pass starts: outputs with a history, and their gradients.

    Left for the weights where not every output depends on the inputs, so that nothing can be split off.
    """

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
    roots = _roots(outputs, gradients)
    _run_backward(
        roots.outputs,
        roots.gradients,
        False,  # keep_graph
        False,  # create_graph
        (),
        allow_unreachable=True,
        accumulate_grad=True,
    )
    found = [value.grad for value in inputs]
    for value in inputs:
        value.grad = None
    return found


def input_backward(
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor] | None,
    inputs: Sequence[Tensor],
    parameters: Sequence[nn.Parameter],
) -> tuple[list[Tensor | None], Deferred | Roots]:
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


def weight_backward(parameters: Sequence[nn.Parameter], deferred: Deferred | Roots) -> None:
    """Add the gradients of the weights to ``.grad``."""
    if isinstance(deferred, Roots):
        torch.autograd.backward(deferred.outputs, deferred.gradients, inputs=list(parameters))
        return
    _backward.stage_backward_weight(iter(parameters), deferred.parameter_groups)


def _inputs_only(
    outputs: Sequence[Tensor], gradients: Sequence[Tensor] | None, inputs: Sequence[Tensor]
) -> tuple[list[Tensor | None], Roots]:
    roots = _roots(outputs, gradients)
    found = torch.autograd.grad(
        roots.outputs, list(inputs), roots.gradients, retain_graph=True, allow_unused=True
    )
    return list(found), roots


def _roots(outputs: Sequence[Tensor], gradients: Sequence[Tensor] | None) -> Roots:
    """Return the outputs from which a backward pass can start; their gradients are 1 where none are given."""
    given = map(torch.ones_like, outputs) if gradients is None else gradients
    pairs = [pair for pair in zip(outputs, given, strict=True) if pair[0].requires_grad]
    return Roots(tuple(output for output, _ in pairs), tuple(gradient for _, gradient in pairs))


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
