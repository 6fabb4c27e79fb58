from dataclasses import replace

import pytest
import torch
from test_races import PLACEMENTS, pair
from torch import Tensor
from virtual_runs import tiny_jobs

from gapweave.cli.choices import RunBackend
from gapweave.executor.run import run
from gapweave.executor.runtime.options import BACKENDS
from gapweave.executor.training.non_finite import NonFinite


def test_every_backend_is_a_choice_of_the_command_line():
    assert {choice.value for choice in RunBackend} == set(BACKENDS)


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_virtual_devices_end_with_the_parameters_of_any_other_backend(placement: str):
    schedule = pair(PLACEMENTS[placement], split=placement != "v", clipped=placement == "reversed")
    shares, others = (
        run(schedule, tiny_jobs(schedule), steps=3, backend=backend) for backend in ("one-gpu", "in-process")
    )
    assert shares.digests == others.digests
    assert shares.losses == others.losses


def test_a_loss_that_is_no_number_ends_the_run_and_names_job_and_step():
    schedule = pair(PLACEMENTS["same"], split=False, clipped=False)
    sound, broken = tiny_jobs(schedule)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return broken.loss(output, target) * torch.nan

    with pytest.raises(NonFinite, match="job 1, step 1, stage 2: the loss of microbatch 0 is not finite"):
        run(schedule, [sound, replace(broken, loss=loss)], steps=2, backend="one-gpu")
