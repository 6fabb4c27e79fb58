"""Whose memory a tensor lies in: what a stage was given may be overwritten as soon as its last pass is over.

A tensor that a stage was given is a receive buffer, or belongs to the neighbouring stage on the same device.
Autograd returns it, or a view of it, where a stage only hands it on: the gradient of ``x + y`` is the one
that came, for ``x`` and for ``y``.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn


def addresses(values: Iterable[Any]) -> set[int]:
    """Return where the storages of the tensors among some values begin."""
    return {value.untyped_storage().data_ptr() for value in values if isinstance(value, Tensor)}


def apart(tensor: Tensor, given: set[int], resident: set[int]) -> Tensor:
    """Return the tensor, or a copy if its storage is one of those; called for every task."""
    address = tensor.untyped_storage().data_ptr()
    return tensor.clone() if address in given or address in resident else tensor


def own_gradients(parameters: Sequence[nn.Parameter], others: set[int]) -> list[nn.Parameter]:
    """Give each gradient a storage that is nobody else's, for later ones are added in place.

    Returns
    -------
    list of Parameter
        Those that have no gradient yet.
    """
    taken = set(others)
    for parameter in parameters:
        gradient = parameter.grad
        if gradient is None or gradient.layout is not torch.strided:
            continue
        storage = gradient.untyped_storage()
        if storage.data_ptr() in taken or storage.nbytes() != gradient.nbytes:  # a part, or expanded
            gradient = parameter.grad = gradient.clone()
        taken.add(gradient.untyped_storage().data_ptr())
    return [parameter for parameter in parameters if parameter.grad is None]
