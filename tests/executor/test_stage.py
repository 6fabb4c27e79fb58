"""The passes of a stage against ordinary autograd through the whole model, bit by bit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from stage_by_stage import WIDTH, differences, job_of, microbatch, runners_of, train_step
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gapweave.executor.training.job import StageSource
from gapweave.executor.training.non_finite import NonFinite
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
    "output detached": (called(two), called(lambda stage, x, y: (stage.layer(x), y.detach())), called(product)),
    "output of parameters alone": (layer, called(lambda stage, x: (stage.layer(x), stage.free * 2)), called(product)),
    "parameter in both": (
        layer,
        called(lambda stage, x: (stage.layer(x) * stage.free, stage.free.tanh())),
        called(product),
    ),
    "view handed on": (called(lambda stage, x: stage.layer(x).view(4, WIDTH)), layer),
    "changed in place": (lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(inplace=True)), layer),
    "checkpointed": (layer, called(lambda stage, x: checkpoint(stage.layer, x, use_reentrant=False)), layer),
    "module, not function": (nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)),
}


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", CASES)
def test_stages_learn_bitwise_what_the_whole_model_learns(name: str, split: bool) -> None:
    assert differences(job_of(*CASES[name]), split) == []


def test_reentrant_checkpoints_are_refused_with_a_split_backward_pass() -> None:
    job = job_of(layer, called(lambda stage, x: checkpoint(stage.layer, x, use_reentrant=True)))
    with pytest.raises(ExecutionFailed, match="use_reentrant=True does not go with a split backward pass"):
        differences(job, split=True)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_step_before_any_parameter_changes(bad: float) -> None:
    def spoilt(step: int, index: int) -> tuple[Tensor, Tensor]:
        inputs, target = microbatch(step, index)
        return inputs, target + (bad if index == 1 else 0.0)

    runners = runners_of(replace(job_of(layer), microbatch=spoilt))
    before = [value.clone() for value in runners[0].module.state_dict().values()]
    with pytest.raises(NonFinite, match="job 0, step 0, stage 0: the loss of microbatch 1 is not finite"):
        train_step(runners, 0, [[0, 1, 2]], split=False)
    after = runners[0].module.state_dict().values()
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_a_step_goes_on_from_a_saved_state_as_if_nothing_had_happened() -> None:
    orders = [[0, 1, 2]] * 2
    straight, first, second = (runners_of(job_of(layer, layer)) for _ in range(3))
    for step in range(4):
        train_step(straight, step, orders, split=False)
    for step in range(2):
        train_step(first, step, orders, split=False)
    for old, new in zip(first, second, strict=True):
        new.load_state_dict(old.state_dict())
    for step in range(2, 4):
        train_step(second, step, orders, split=True)
    for one, other in zip(straight, second, strict=True):
        for name, value in one.module.state_dict().items():
            assert torch.equal(value, other.module.state_dict()[name])


@pytest.mark.parametrize("name", ["two tensors", "batch norm", "view handed on"])
def test_signatures_are_those_of_the_tensors_that_are_handed_on(name: str) -> None:
    runners = runners_of(job_of(*CASES[name]))
    states = [{key: value.clone() for key, value in r.module.state_dict().items()} for r in runners]
    random = torch.random.get_rng_state()
    signatures = [runner.output_signature for runner in runners]
    assert torch.equal(random, torch.random.get_rng_state())
    for runner, state in zip(runners, states, strict=True):
        assert all(torch.equal(value, state[key]) for key, value in runner.module.state_dict().items())
    values = None
    for runner, signature in zip(runners, signatures, strict=True):
        if values is not None:
            assert runner.input_signature == tuple((value.shape, value.dtype) for value in values)
        values = runner.forward(0, 0, values)
        assert signature == tuple((value.shape, value.dtype) for value in values)
