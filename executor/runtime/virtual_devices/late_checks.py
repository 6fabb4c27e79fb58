"""Stages that look whether their numbers are finite without making the host wait for them."""

from typing import Any

import torch
from torch import Tensor

from gapweave.executor.training.non_finite import NonFinite
from gapweave.executor.training.stage import StageRunner


class LateCheckedStage(StageRunner):
    """A stage whose losses and gradients are judged when the device has done what was issued.

    Judging them before the optimizer step would make the host wait for one stage while nothing is issued to
    the others. So the step is taken, and its run fails before anything else is done with the parameters.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._unjudged: list[tuple[int, str, Tensor]] = []

    def judge(self) -> None:
        """Raise NonFinite for the first loss or gradient that was not finite; the device must be done."""
        unjudged, self._unjudged = self._unjudged, []
        for step, what, value in unjudged:
            if not torch.isfinite(value):
                raise NonFinite(what, self.number, step, self.stage)

    def _require_finite(self, step: int) -> None:
        for microbatch, loss in self._losses.get(step, {}).items():
            self._unjudged.append((step, f"the loss of microbatch {microbatch}", loss))
        self._unjudged.append((step, "a gradient", self.squared_norm()))
