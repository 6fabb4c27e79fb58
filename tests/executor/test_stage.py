"""One stage: whole and split backward passes, random states, and numbers that are not finite."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.non_finite import NonFinite
from gapweave.executor.training.random_state import seed_forward
from gapweave.executor.training.stage import StageRunner
from gapweave.models.errors import ExecutionFailed, InvalidOption

CPU = torch.device("cpu")
WIDTH = 4


class Frozen(nn.Module):
    """Has a frozen and an unused parameter beside one that learns."""

    def __init__(self) -> None:
        super().__init__()
        self.learning = nn.Linear(WIDTH, WIDTH)
        self.frozen = nn.Linear(WIDTH, WIDTH).requires_grad_(False)
        self.unused = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.frozen(torch.tanh(self.learning(x)))


class Fork(nn.Module):
    """Hands on two tensors, one of them a view."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, 2 * WIDTH)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        left, right = self.linear(x).chunk(2, dim=1)
        return left, torch.tanh(right)


class Join(nn.Module):
    """Takes two tensors, and does not use the second one's gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.linear(left) + right.detach()


class Tied(nn.Module):
    """Uses one weight twice."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x @ self.weight) @ self.weight


def job_of(*stages: Callable[[], nn.Module], clip_norm: float | None = None) -> TrainingJob:
    return TrainingJob(
        stages=stages,
        loss=nn.functional.mse_loss,
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=0.01),
        microbatch=microbatch,
        seed=3,
        clip_norm=clip_norm,
    )


def microbatch(step: int, index: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(10 * step + index)
    inputs = torch.randn(3, WIDTH, generator=generator)
    return inputs, inputs.flip(0)


def runners(job: TrainingJob, microbatches: int = 1) -> list[StageRunner]:
    count = len(job.stages)
    return [StageRunner(job, 0, count, stage, CPU, microbatches=microbatches) for stage in range(count)]


def pass_through(stages: list[StageRunner], *, split: bool, step: int = 0, index: int = 0) -> None:
    """One microbatch forth and back."""
    sent = None
    for stage in stages:
        sent = stage.forward(step, index, sent) or None
    gradients = None
    for stage in reversed(stages):
        gradients = stage.backward(step, index, gradients, split) or None
    if split:
        for stage in stages:
            stage.weight(step, index)


def gradients_of(stages: list[StageRunner]) -> dict[str, Tensor | None]:
    return {
        f"{stage.stage}.{name}": parameter.grad
        for stage in stages
        for name, parameter in stage.module.named_parameters()
    }


def whole_model_gradients(job: TrainingJob) -> dict[str, Tensor | None]:
    """The gradients of the first microbatch by ordinary autograd through all stages."""
    stages = runners(job)
    values: Tensor | tuple[Tensor, ...] = (microbatch(0, 0)[0],)
    for stage in stages:
        seed_forward(job.seed, 0, stage.stage, 0)
        values = stage.module(*(values if isinstance(values, tuple) else (values,)))
    job.loss(values, microbatch(0, 0)[1]).backward()
    return gradients_of(stages)


MODELS = {
    "linear": (
        lambda: nn.Linear(WIDTH, WIDTH),
        lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.5)),
    ),
    "frozen": (Frozen, Frozen),
    "two tensors": (Fork, Join),
    "tied": (Tied, Tied),
    "nothing to learn": (nn.Tanh, lambda: nn.Linear(WIDTH, WIDTH)),
    "one stage": (lambda: nn.Linear(WIDTH, WIDTH),),
    "normalised": (lambda: nn.Linear(WIDTH, WIDTH), lambda: nn.BatchNorm1d(WIDTH), Tied),
}


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("name", MODELS)
def test_the_gradients_are_those_of_the_whole_model_bit_by_bit(name: str, split: bool) -> None:
    job = job_of(*MODELS[name])
    stages = runners(job)
    pass_through(stages, split=split)
    expected = whole_model_gradients(job)
    found = gradients_of(stages)
    assert {key for key, gradient in expected.items() if gradient is not None}
    for key, gradient in expected.items():
        own = found[key]
        if gradient is None:
            assert own is None or not own.any()
        else:
            assert own is not None
            assert torch.equal(own, gradient), key


def test_a_split_backward_leaves_the_weights_for_later() -> None:
    stages = runners(job_of(Tied, Tied))
    pass_through(stages, split=True)
    last = stages[-1]
    last.forward(0, 1, (torch.ones(3, WIDTH),))
    before = last.module.weight.grad.clone()
    (gradient,) = last.backward(0, 1, None, True)
    assert gradient.any()
    assert torch.equal(last.module.weight.grad, before)
    last.weight(0, 1)
    assert not torch.equal(last.module.weight.grad, before)


class HandsOn(nn.Module):
    """Hands on what it was given: as it is, in part, and with a parameter that learns from the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.randn(3, WIDTH))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return x, x[1:], x + self.free, self.free


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_a_stage_keeps_and_hands_on_no_memory_that_it_was_given(split: bool) -> None:
    stage = runners(job_of(Tied, HandsOn, Tied))[1]
    received = torch.randn(3, WIDTH)
    outputs = stage.forward(0, 0, (received,))
    gradients = [torch.randn_like(output) for output in outputs]
    handed_on = stage.backward(0, 0, gradients, split)
    if split:
        stage.weight(0, 0)
    own = {parameter.untyped_storage().data_ptr() for parameter in stage.parameters}
    given = {tensor.untyped_storage().data_ptr() for tensor in (received, *gradients)}
    learned = {parameter.grad.untyped_storage().data_ptr() for parameter in stage.parameters}
    left = {tensor.untyped_storage().data_ptr() for tensor in (*outputs, *handed_on)}
    assert not (own | given) & (left | learned)
    assert not left & learned


def test_a_stage_that_computes_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = runners(job_of(Tied, Tied, Tied))
    pass_through(stages, split=True)
    copies = []
    clone = Tensor.clone
    monkeypatch.setattr(Tensor, "clone", lambda tensor, **how: copies.append(tensor) or clone(tensor, **how))
    for stage in stages:
        stage.optimizer_step(0)
    for split in (False, True):
        pass_through(stages, split=split, step=1, index=int(split))
    assert not copies


def test_draws_of_other_jobs_in_between_change_nothing() -> None:
    job = job_of(lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.5)), Tied)
    alone, disturbed = runners(job), runners(job)
    pass_through(alone, split=False)
    torch.manual_seed(999)
    sent = disturbed[0].forward(0, 0, None)
    torch.rand(17)
    disturbed[1].forward(0, 0, sent)
    torch.rand(5)
    gradients = disturbed[1].backward(0, 0, None, False)
    disturbed[0].backward(0, 0, gradients, False)
    found = gradients_of(disturbed)
    assert all(torch.equal(found[key], gradient) for key, gradient in gradients_of(alone).items())


def test_signatures_say_what_is_sent_and_touch_nothing() -> None:
    stages = runners(job_of(Fork, Join))
    state = torch.random.get_rng_state()
    parameters = [parameter.clone() for stage in stages for parameter in stage.parameters]
    assert [tuple(shape.shape) for shape in stages[0].output_signature] == [(3, WIDTH)] * 2
    assert stages[1].input_signature == stages[0].output_signature
    assert stages[0].input_signature == stages[1].output_signature == ()
    assert torch.equal(state, torch.random.get_rng_state())
    now = [parameter for stage in stages for parameter in stage.parameters]
    assert all(map(torch.equal, parameters, now))


def test_a_stage_that_hands_on_no_tensor_is_refused() -> None:
    stage = runners(job_of(lambda: nn.Flatten(), Tied))[0]
    broken = TrainingJob([lambda: Words(), Tied], nn.functional.mse_loss, stage.job.optimizer, microbatch)
    with pytest.raises(ExecutionFailed, match=r"stage 0: expected floating-point tensors .* got str"):
        _ = runners(broken)[0].output_signature


def test_a_weight_that_two_stages_share_is_refused() -> None:
    embedding = nn.Linear(WIDTH, WIDTH)
    stages = [embedding, nn.ReLU(), nn.Sequential(embedding)]
    with pytest.raises(InvalidOption, match=r"stages 0 and 2 share the weight '0\.weight': keep both uses"):
        TrainingJob(stages, nn.functional.mse_loss, job_of(Tied).optimizer, microbatch)


def test_a_stage_that_hands_on_integers_is_refused_by_their_type() -> None:
    job = TrainingJob([Whole, Tied], nn.functional.mse_loss, job_of(Tied).optimizer, microbatch)
    with pytest.raises(ExecutionFailed, match=r"expected floating-point tensors .*, got \[3, 4\] int64"):
        _ = runners(job)[0].output_signature


def test_a_loss_of_several_elements_is_refused_by_its_shape() -> None:
    job = job_of(Tied)
    job = TrainingJob(job.stages, lambda output, target: output, job.optimizer, microbatch)
    (stage,) = runners(job)
    with pytest.raises(ExecutionFailed, match=r"expected a loss of one element, got \[3, 4\] float32$"):
        stage.forward(0, 0, None)


class Whole(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.long()


class Words(nn.Module):
    def forward(self, x: Tensor) -> str:
        return "words"


def test_a_loss_that_is_not_finite_stops_before_the_optimizer() -> None:
    job = job_of(Tied)
    job = TrainingJob(job.stages, lambda output, target: output.sum() * torch.inf, job.optimizer, microbatch)
    (stage,) = runners(job)
    before = stage.module.weight.clone()
    pass_through([stage], split=False)
    with pytest.raises(NonFinite, match="job 0, step 1, stage 0: the loss of microbatch 0 is not finite"):
        stage.optimizer_step(0)
    assert torch.equal(stage.module.weight, before)


def test_a_gradient_that_is_not_finite_stops_before_the_optimizer() -> None:
    (stage,) = runners(job_of(Tied))
    before = stage.module.weight.clone()
    pass_through([stage], split=False)
    stage.module.weight.grad[0, 0] = torch.nan
    with pytest.raises(NonFinite, match="the gradient of weight is not finite"):
        stage.optimizer_step(0)
    assert torch.equal(stage.module.weight, before)


def test_the_state_of_a_stage_makes_another_one_go_on_bit_by_bit() -> None:
    job = job_of(lambda: nn.Linear(WIDTH, WIDTH), lambda: nn.BatchNorm1d(WIDTH), Tied)
    first, second = runners(job), runners(job)
    for step in range(2):
        pass_through(first, split=False, step=step)
        for stage in first:
            stage.optimizer_step(step)
    for old, new in zip(first, second, strict=True):
        new.load_state_dict(copy.deepcopy(old.state_dict()))
    for stages in (first, second):
        pass_through(stages, split=False, step=2)
        for stage in stages:
            stage.optimizer_step(2)
    pairs = zip(first, second, strict=True)
    states = ((old.module.state_dict(), new.module.state_dict()) for old, new in pairs)
    assert all(torch.equal(value, new[key]) for old, new in states for key, value in old.items())
