"""The passes of a stage against ordinary autograd through the whole model, bit by bit."""

from collections.abc import Callable

import pytest
import torch
from stage_by_stage import WIDTH, differences, job_of
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gapweave.executor.training.job import StageSource
from gapweave.models.errors import ExecutionFailed


class Called(nn.Module):
    """A layer, a free parameter, and a function of both and of the inputs."""

    def __init__(self, function: Callable[..., object]) -> None:
        super().__init__()
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.free = nn.Parameter(torch.linspace(-1, 1, 4 * WIDTH).reshape(4, WIDTH))
        self.function = function

    def forward(self, *inputs: Tensor) -> object:
        return self.function(self, *inputs)


def called(function: Callable[..., object]) -> StageSource:
    return lambda: Called(function)


def layer() -> nn.Module:
    return nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.2))


def half_frozen() -> nn.Module:
    module = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH))
    module[0].requires_grad_(False)
    return module


def two(stage: Called, x: Tensor) -> object:
    return stage.layer(x), stage.layer(x).tanh()


def product(stage: Called, x: Tensor, y: Tensor) -> object:
    return stage.layer(x) * y


CASES: dict[str, tuple[StageSource, ...]] = {
    "one stage": (layer,),
    "dropout": (layer, layer, layer),
    "no parameters first": (nn.Tanh, layer, layer),
    "no parameters between": (layer, nn.Tanh, layer),
    "no parameters last": (layer, nn.Tanh),
    "nothing at all": (layer, nn.Identity, layer),
    "batch norm": (lambda: nn.Sequential(layer(), nn.BatchNorm1d(WIDTH)),) * 2,
    "half frozen": (half_frozen,) * 3,
    "all frozen": (layer, lambda: nn.Linear(WIDTH, WIDTH).requires_grad_(False), layer),
    "unused parameter": (called(lambda stage, x: stage.layer(x)),) * 2,
    "tied": (called(lambda stage, x: stage.layer(stage.layer(x).tanh()) + stage.free * stage.free),) * 3,
    "two tensors": (called(two), called(lambda stage, x, y: (stage.layer(y), x * y)), called(product)),
    "passed through": (called(two), called(lambda stage, x, y: (stage.layer(x), y)), called(product)),
    "input ignored": (called(two), called(lambda stage, x, y: stage.layer(x)), layer),
    "output detached": (
        called(two),
        called(lambda stage, x, y: (stage.layer(x), y.detach())),
        called(product),
    ),
    "output of parameters alone": (
        layer,
        called(lambda stage, x: (stage.layer(x), stage.free * 2)),
        called(product),
    ),
    "parameter in both": (
        layer,
        called(lambda stage, x: (stage.layer(x) * stage.free, stage.free.tanh())),
        called(product),
    ),
    "view handed on": (called(lambda stage, x: stage.layer(x).view(4, WIDTH)), layer),
    "changed in place": (lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(inplace=True)), layer),
    "identity between": (layer, nn.Identity, layer, layer),
    "bias alone": (
        layer,
        called(lambda stage, x: x + stage.free[0]),
        called(lambda stage, x: x + stage.free),
    ),
    "parameter added": (layer, called(lambda stage, x: x + stage.free), layer),
    "two parameters added": (
        called(lambda stage, x: stage.free + (x + stage.layer.bias + stage.free)),
        layer,
    ),
    "parameter summed": (layer, called(lambda stage, x: stage.layer(x) + stage.free.sum()), layer),
    "parameter handed on": (layer, called(lambda stage, x: (stage.layer(x), stage.free)), called(product)),
    "parameter handed on as a view": (
        layer,
        called(lambda stage, x: (x.reshape(-1) + stage.free.reshape(-1), stage.free.reshape(-1))),
        called(lambda stage, x, y: stage.layer((x * y).reshape(4, WIDTH))),
    ),
    "parts handed on": (
        called(two),
        called(lambda stage, x, y: (x[1:], y.T, x[:1] * 1)),
        called(lambda stage, x, y, z: stage.layer(torch.cat([z, x]) * y.T)),
    ),
    "handed on over two stages": (
        called(two),
        called(lambda stage, x, y: (x, stage.layer(y))),
        called(lambda stage, x, y: (x, y.tanh())),
        called(product),
    ),
    "checkpointed": (layer, called(lambda stage, x: checkpoint(stage.layer, x, use_reentrant=False)), layer),
    "module, not function": (nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)),
}


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", CASES)
def test_stages_learn_bitwise_what_the_whole_model_learns(name: str, split: bool) -> None:
    assert differences(job_of(*CASES[name]), split) == []


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", [name for name, stages in CASES.items() if len(stages) > 2])
def test_receive_buffers_may_be_overwritten_when_their_stage_is_done(name: str, split: bool) -> None:
    """While a neighbour on the same device is not."""
    job, count = job_of(*CASES[name]), len(CASES[name])
    for first in range(1, count - 1):
        later_together = [0] * first + [1] * (count - first)
        earlier_together = [0] * (first + 1) + [1] * (count - first - 1)
        for devices in (later_together, earlier_together):
            for late in range(count):
                assert differences(job, split, devices=devices, late=late) == [], (devices, late)


def test_reentrant_checkpoints_are_refused_with_a_split_backward_pass() -> None:
    job = job_of(layer, called(lambda stage, x: checkpoint(stage.layer, x, use_reentrant=True)))
    with pytest.raises(ExecutionFailed, match="use_reentrant=True does not go with a split backward pass"):
        differences(job, split=True)
