"""The public description of a model to train: stages, loss, optimizer, data and seed."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from torch import Tensor, nn
from torch.optim import Optimizer

from gapweave.models.errors import InvalidOption

#: What one stage hands to the next: one tensor or several, floating-point from the first output on.
Activation: TypeAlias = Tensor | tuple[Tensor, ...]
StageSource: TypeAlias = nn.Module | Callable[[], nn.Module]


@dataclass(frozen=True)
class TrainingJob:
    """A model to train, cut into stages.

    Attributes
    ----------
    stages
        One entry per stage: a module, or a function without arguments that builds it (called only where the
        stage runs, under the job's seed). The first stage gets the inputs of a microbatch, every other one
        the output of the stage before.
    loss
        ``loss(output of the last stage, target) -> scalar tensor``, the mean over the microbatch; a step
        minimises its mean over all microbatches.
    optimizer
        Makes the optimizer of one stage from its parameters.
    microbatch
        ``microbatch(step, index) -> (inputs, target)``; must return the same tensors whenever and wherever
        it is called with the same numbers, of the same shapes for all. Called on the devices of the first
        stage (inputs) and of the last one (target).
    seed
        Of initial parameters (stages given as functions) and of every random draw in training.
    clip_norm
        Largest norm of the gradient of all stages together; None does not clip. Needs a schedule whose job
        has ``optimizer_barrier``.

    Raises
    ------
    InvalidOption
        Two stages given as modules share a weight.
    """

    stages: Sequence[StageSource]
    loss: Callable[[Any, Any], Tensor]
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer]
    microbatch: Callable[[int, int], tuple[Any, Any]]
    seed: int = 0
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        """Refuse a weight that two stages share: each would train its own copy of it."""
        owners: dict[int, int] = {}
        for number, stage in enumerate(self.stages):
            for name, weight in stage.named_parameters() if isinstance(stage, nn.Module) else ():
                owner = owners.setdefault(id(weight), number)
                if owner != number:
                    raise InvalidOption(
                        f"stages {owner} and {number} share the weight {name!r}: keep both uses in one stage"
                    )

    def copied(self) -> "TrainingJob":
        """Return the same job with copies of the stages that are modules: they learn on their own."""
        own = [copy.deepcopy(stage) if isinstance(stage, nn.Module) else stage for stage in self.stages]
        return replace(self, stages=own)
