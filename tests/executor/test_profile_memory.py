"""Memory of one stage: every storage once, nothing left after the last task, nothing below zero."""

from dataclasses import replace

import pytest
import torch
from profile_measurements import TINY
from torch import nn

from gapweave.executor.profile.costs import StageCosts
from gapweave.executor.profile.saved_memory import KeptStorages, resident_bytes, tensors_in
from gapweave.executor.profile.stage_profile import StageProfile
from gapweave.executor.ready_made.jobs import training_job
from gapweave.executor.training.stage import StageRunner

CPU = torch.device("cpu")


def measured(stage: int, *, split: bool, stages: int = 2, repeats: int = 2) -> tuple[StageCosts, StageRunner]:
    """The costs of one stage of a tiny model, and the stage."""
    runner = StageRunner(
        training_job(replace(TINY, layers=stages), stages, None, seed=0),
        0,
        stages,
        stage,
        CPU,
        microbatches=1,
    )
    return StageProfile(runner, split=split).measure(repeats), runner


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("stage", [0, 1])
def test_memory_changes_sum_to_zero_and_never_go_below(stage: int, split: bool) -> None:
    memory = measured(stage, split=split)[0].memory
    after_forward = memory.forward
    after_backward = after_forward + memory.backward
    assert after_forward > 0
    assert after_backward >= 0
    assert after_backward + memory.weight == 0
    assert (after_backward > 0) == split


@pytest.mark.parametrize("split", [False, True])
def test_every_kind_of_task_is_measured_as_often_as_asked(split: bool) -> None:
    costs, _ = measured(1, split=split, repeats=5)
    kinds = ("F", "B", "W", "O") if split else ("F", "B", "O")
    assert {kind: len(samples) for kind, samples in costs.nanoseconds.items()} == dict.fromkeys(kinds, 5)
    assert all(sample > 0 for samples in costs.nanoseconds.values() for sample in samples)


def test_messages_are_hidden_states_between_stages_and_nothing_at_the_ends() -> None:
    bytes_of_hidden_state = TINY.batch * TINY.sequence * TINY.width * 4
    sizes = [measured(stage, split=False, stages=3)[0] for stage in range(3)]
    assert [size.sent_forward for size in sizes] == [bytes_of_hidden_state, bytes_of_hidden_state, 0]
    assert [size.sent_backward for size in sizes] == [0, bytes_of_hidden_state, bytes_of_hidden_state]


def test_measuring_leaves_no_microbatch_behind() -> None:
    _, runner = measured(1, split=True)
    assert not runner._passed
    assert not runner._deferred
    assert not runner._losses


def test_resident_are_parameters_gradients_and_both_moments_of_adam() -> None:
    costs, runner = measured(0, split=False)
    parameters = sum(4 * parameter.numel() for parameter in runner.parameters)
    buffers = sum(t.numel() * t.element_size() for t in runner.module.buffers())
    counters = 4 * len(runner.parameters)
    assert costs.memory.resident == 4 * parameters + buffers + counters


def test_frozen_parameters_have_no_gradients() -> None:
    module = nn.Linear(3, 2, bias=False)
    assert resident_bytes(module, None) == 2 * 24
    module.requires_grad_(False)
    assert resident_bytes(module, None) == 24


def test_a_storage_that_several_tensors_share_counts_once() -> None:
    kept = KeptStorages(())
    whole = torch.zeros(10)
    kept.add((whole, whole[2:4], whole.view(2, 5), whole.detach()))
    kept.add((whole,))
    assert kept.total == 40
    kept.add((torch.zeros(10),))
    assert kept.total == 80


def test_what_is_resident_does_not_count() -> None:
    module = nn.Linear(4, 4)
    kept = KeptStorages(module.parameters())
    kept.add((module.weight, module.weight.t(), module.bias))
    assert kept.total == 0


def test_what_autograd_saves_counts_once_however_often_it_is_saved() -> None:
    values = torch.ones(8, requires_grad=True)
    kept = KeptStorages((values,))
    with kept.of_autograd():
        exponential = values.exp()
        (exponential * exponential).sum().backward()
    assert kept.total == exponential.nbytes
    assert torch.allclose(values.grad, 2 * torch.exp(torch.tensor(2.0)).expand(8))  # type: ignore[arg-type]


def test_tensors_are_found_in_nested_containers() -> None:
    one, two, three = torch.zeros(3, 1).unbind()
    assert list(tensors_in({"a": [one, (two, 5)], "b": {"c": three}, "d": None})) == [one, two, three]
