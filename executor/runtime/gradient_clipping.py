"""Clipping by the norm of a job's whole gradient, put together on the device of the job's first stage."""

from collections.abc import Callable

import torch
from torch import Tensor


class GradientClipping:
    """The clipping factor of one job, for each of its steps.

    Parameters
    ----------
    factor_of
        From the squared norms of all stages, in their order, to the factor; None does not clip.
    """

    def __init__(self, stages: int, factor_of: Callable[[list[Tensor]], Tensor] | None) -> None:
        self._stages = stages
        self._factor_of = factor_of
        self._factors: dict[int, Tensor | None] = {}

    def begin(self) -> None:
        """Forget the factors of the repetition before."""
        self._factors.clear()

    def factor(self, step: int, squared_norm: Callable[[int], Tensor]) -> Tensor | None:
        """Return the factor of a step of the program; asks for every stage's squared norm once."""
        if step not in self._factors:
            norms = [squared_norm(stage) for stage in range(self._stages)]
            self._factors[step] = None if self._factor_of is None else self._factor_of(norms)
        return self._factors[step]

    def message(self, factor: Tensor | None, device: torch.device) -> Tensor:
        """Return the factor as other ranks receive it."""
        return torch.ones((), device=device) if factor is None else factor.to(device)

    def received(self, message: Tensor) -> Tensor | None:
        """Return the factor that a message brought."""
        return None if self._factor_of is None else message
