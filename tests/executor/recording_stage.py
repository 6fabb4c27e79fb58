"""A stage that computes next to nothing, and notes what it was asked to do."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

ONE_NUMBER = (torch.empty(1),)


class RecordingStage:
    """Adds one to what comes forward, doubles what comes back."""

    device = torch.device("cpu")
    module = nn.Identity()
    input_signature = ONE_NUMBER
    output_signature = ONE_NUMBER

    def __init__(self, stage: int, stages: int, shape: tuple[int, ...] = (1,)) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._first, self._last = stage == 0, stage == stages - 1
        self._shape = shape

    def forward(self, step: int, microbatch: int, inputs: Sequence[Tensor] | None) -> Sequence[Tensor]:
        self.asked.append(("F", step, microbatch, None if inputs is None else inputs[0].item()))
        value = torch.full(self._shape, 10.0 * microbatch) if inputs is None else inputs[0]
        return () if self._last else (value + 1,)

    def backward(
        self, step: int, microbatch: int, output_gradients: Sequence[Tensor] | None, split: bool
    ) -> Sequence[Tensor]:
        gradient = output_gradients[0] if output_gradients else torch.ones(1)
        self.asked.append(("B", step, microbatch, gradient.item(), split))
        return () if self._first else (gradient * 2,)

    def weight(self, step: int, microbatch: int) -> None:
        self.asked.append(("W", step, microbatch))

    def squared_norm(self) -> Tensor:
        return torch.tensor(4.0)

    def optimizer_step(self, step: int, clip_factor: Tensor | None) -> None:
        self.asked.append(("O", step, None if clip_factor is None else clip_factor.item()))

    def losses(self, step: int) -> Sequence[float]:
        return [float(step)] if self._last else []

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert not state
