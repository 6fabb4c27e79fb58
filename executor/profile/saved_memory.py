"""How many bytes a microbatch keeps on a stage between its tasks, counted by distinct storages.

The allocator of a CPU tells nothing, so what autograd saves is counted as it is saved. Parameters and buffers
are resident and do not count; a storage that several tensors share counts once.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class KeptStorages:
    """Storages that are kept, by their addresses, each once.

    Parameters
    ----------
    resident
        Tensors that are there anyway.
    """

    def __init__(self, resident: Iterable[Tensor]) -> None:
        self._resident = {tensor.untyped_storage().data_ptr() for tensor in resident}
        self._bytes: dict[int, int] = {}
        self._alive: list[Tensor] = []

    @property
    def total(self) -> int:
        """Bytes kept so far."""
        return sum(self._bytes.values())

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Count tensors, and keep them, so that no address is used twice."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in self._resident and storage.data_ptr() not in self._bytes:
                self._bytes[storage.data_ptr()] = storage.nbytes()
                self._alive.append(tensor.detach())

    @contextmanager
    def of_autograd(self) -> Iterator[None]:
        """Count what autograd saves meanwhile."""

        def pack(tensor: Tensor) -> Tensor:
            self.add((tensor,))
            return tensor.detach() if tensor.is_leaf else tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            yield


def resident_bytes(module: nn.Module, optimizer: torch.optim.Optimizer | None) -> int:
    """Return the bytes of parameters, their gradients, buffers and the optimizer's state after a step."""
    learning = sum(_bytes(p) for p in module.parameters() if p.requires_grad)
    rest = sum(_bytes(tensor) for tensor in (*module.parameters(), *module.buffers()))
    state = [] if optimizer is None else list(tensors_in(optimizer.state_dict()["state"]))
    return learning + rest + sum(map(_bytes, state))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Iterate over all tensors in nested containers."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_in(part)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
