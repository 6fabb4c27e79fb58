"""The comparison of interleaving with one job after the other, without measuring it again."""

from pathlib import Path

import pytest
import torch

from benchmarks.interleaving import (
    OUTPUT,
    PAIRS,
    Pair,
    Wait,
    WaitingStage,
    instance_of,
    one_f_one_b,
    report,
)
from benchmarks.json_lines import read_lines
from gapweave import verify
from gapweave.executor.profile.costs import StageCosts
from gapweave.models.instance import StageMemory

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "run.md"


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_pair_becomes_an_instance_that_can_be_run_in_turn(pair: Pair) -> None:
    kinds = ("F", "B", "W", "O") if "split" in pair.jobs[0] else ("F", "B", "O")
    costs = StageCosts({kind: (20_000_000,) for kind in kinds}, StageMemory(), 128, 128)  # type: ignore[misc]
    instance = instance_of(pair, dict.fromkeys(pair.jobs, costs), 500)
    paths = [[stage.device for stage in job.stages] for job in instance.jobs]
    assert paths[1] == paths[0][:: -1 if pair.is_reversed else 1]
    for job, count in enumerate(pair.microbatches):
        alone = one_f_one_b(instance, job)
        assert verify(alone) == []
        assert alone.makespan >= count * (len(kinds) - 1) * 20_000
    assert {stage.forward for job in instance.jobs for stage in job.stages} == {20_000}


def test_sleeping_changes_no_number() -> None:
    torch.manual_seed(0)
    stage = WaitingStage(Wait(0.0, 0.0, 0.0))
    inputs = torch.randn(2, 16, requires_grad=True)
    stage(inputs).square().sum().backward()
    slept = inputs.grad, stage.weight.grad
    inputs.grad = stage.weight.grad = None
    torch.nn.functional.linear(inputs, stage.weight).square().sum().backward()
    assert all(
        torch.equal(one, other) for one, other in zip(slept, (inputs.grad, stage.weight.grad), strict=True)
    )  # type: ignore[arg-type]


def test_the_page_shows_the_results_that_were_measured() -> None:
    lines = read_lines(OUTPUT)
    assert [line["pair"] for line in lines] == [str(pair) for pair in PAIRS]
    assert "\n".join(report(lines)) in PAGE.read_text(encoding="utf-8")


def test_a_gain_is_the_time_in_turn_over_the_time_together() -> None:
    for line in read_lines(OUTPUT):
        assert line["measured_ratio"] == pytest.approx(
            line["measured_in_turn"] / line["measured_together"], abs=1e-3
        )
        assert line["deviation"] == pytest.approx(
            line["measured_ratio"] / line["predicted_ratio"] - 1, abs=1e-3
        )
