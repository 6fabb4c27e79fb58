"""The tensors of the messages of one rank: buffers to receive into, and what is about to be sent."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gapweave.executor.program import Action
from gapweave.executor.runtime.fault import WrongMessage
from gapweave.executor.runtime.stage_protocol import Stages, TensorShape


class MessageShape:
    """The shapes and types that both ends of a channel agree on."""

    def __init__(self, signature: Sequence[TensorShape]) -> None:
        self._tensors = [(tuple(tensor.shape), tensor.dtype) for tensor in signature]

    def require(self, tensors: Sequence[Tensor]) -> None:
        """Refuse other tensors with WrongMessage: some backends end the process when sizes differ."""
        if [(tensor.shape, tensor.dtype) for tensor in tensors] != self._tensors:
            raise WrongMessage(f"expected tensors of {self}, got {MessageShape(tensors)}")

    def buffers(self, device: torch.device) -> tuple[Tensor, ...]:
        """Return new tensors."""
        return tuple(torch.empty(shape, dtype=dtype, device=device) for shape, dtype in self._tensors)

    def __str__(self) -> str:
        shapes = (f"{list(shape)} {str(dtype).removeprefix('torch.')}" for shape, dtype in self._tensors)
        return " and ".join(shapes) or "no message"


class ReceiveBuffers:
    """The receive buffers of one rank, one per (job, kind, stage, buffer), made when first asked for."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages
        self._made: dict[tuple[int, str, int, int | None], tuple[Tensor, ...]] = {}

    def received(self, action: Action) -> tuple[Tensor, ...]:
        """Return the buffers that a message is received into."""
        key = action.job, action.kind, action.stage, action.buffer
        if key not in self._made:
            self._made[key] = self._new(action)
        return self._made[key]

    def sent(self, action: Action) -> MessageShape:
        """Return what an activation or a gradient that is sent must look like."""
        stage = self._stages[action.job, action.stage]
        return MessageShape(stage.output_signature if action.kind == "F" else stage.input_signature)

    def _new(self, action: Action) -> tuple[Tensor, ...]:
        if action.kind in "NS":
            device = next(iter(self._stages.values())).device
            return (torch.zeros((), device=device),)
        consumer = self._stages[action.job, action.stage + (1 if action.kind == "F" else -1)]
        signature = consumer.input_signature if action.kind == "F" else consumer.output_signature
        return MessageShape(signature).buffers(consumer.device)
