"""What the interpreter asks of one stage of one job."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import torch
from torch import Tensor, nn


class TensorShape(Protocol):
    """The shape and type of one tensor of a message."""

    @property
    def shape(self) -> Sequence[int]:
        """Lengths of its dimensions."""

    @property
    def dtype(self) -> torch.dtype:
        """Type of its elements."""


class Stage(Protocol):
    """One stage of a job on its device, as `gapweave.executor.training.stage.StageRunner` is one."""

    device: torch.device
    module: nn.Module

    @property
    def input_signature(self) -> Sequence[TensorShape]:
        """What the stage before sends; of gradients that go back there."""

    @property
    def output_signature(self) -> Sequence[TensorShape]:
        """What goes to the next stage; of gradients that come back from there."""

    def forward(self, step: int, microbatch: int, inputs: Sequence[Tensor] | None) -> Sequence[Tensor]:
        """Return the outputs; none from the last stage. The first one takes its inputs from the data."""

    def backward(
        self, step: int, microbatch: int, output_gradients: Sequence[Tensor] | None, split: bool
    ) -> Sequence[Tensor]:
        """Return the gradients of the inputs; with ``split`` those of the weights are left for later."""

    def weight(self, step: int, microbatch: int) -> None:
        """Add the gradients of the weights."""

    def squared_norm(self) -> Tensor:
        """Return the sum of the squares of all gradients, a tensor of one element."""

    def optimizer_step(self, step: int, clip_factor: Tensor | None) -> None:
        """Change the parameters and forget the gradients."""

    def losses(self, step: int) -> Sequence[float]:
        """Return the losses of the microbatches of a step; none except on the last stage."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that a later run needs to go on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned."""


#: The stages of one rank, by (job, stage).
Stages: TypeAlias = Mapping[tuple[int, int], Stage]
