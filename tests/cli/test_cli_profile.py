"""``gapweave profile``: from real stages to an instance, to a schedule, and back to real stages."""

import json
from pathlib import Path

import pytest
import torch
from outcome import Run

from gapweave import Instance

TINY = "transformer:layers=2,width=8,heads=1,sequence=4,batch=1"
OTHER = "transformer:layers=2,width=16,sequence=8,batch=1,seed=3"


def test_a_profile_is_solved_and_run_bitwise_as_alone(run: Run, tmp_path: Path) -> None:
    words = ("--model", TINY, "--model", OTHER, "--microbatches", "3,2", "--repeats", 2)
    outcome = run("profile", *words, "--placement", "reversed", "-o", "tiny.json")
    assert outcome.code == 0
    assert "with all devices busy" in outcome.out
    instance = Instance.load(tmp_path / "tiny.json")
    assert instance.name == "tiny"
    assert [job.microbatches for job in instance.jobs] == [3, 2]
    assert [[stage.device for stage in job.stages] for job in instance.jobs] == [[0, 1], [1, 0]]
    for job in instance.jobs:
        assert min(*job.forward_transfer, *job.backward_transfer) > 0
        assert all(stage.weight is None and stage.optimizer for stage in job.stages)

    assert run("solve", "tiny.json", "--time-limit", 2, "--workers", 1, "-o", "tiny.schedule.json").code == 0
    ran = run("run", "tiny.schedule.json", "--backend", "in-process", "--steps", 2, "--check", "--json")
    assert ran.code == 0
    assert [parity["differing"] for parity in json.loads(ran.out)["parity"]] == [[], []]


def test_stages_one_after_the_other_split_and_printed_as_json(run: Run, tmp_path: Path) -> None:
    words = ("--model", TINY, "--alone", "--split", "--repeats", 3, "--memory-capacity", 10**8, "--json")
    outcome = run("profile", *words, "-o", "alone.json")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert document.pop("output") == "alone.json"
    instance = Instance.load(tmp_path / "alone.json")
    assert Instance.from_document(document) == instance
    (job,) = instance.jobs
    assert job.microbatches == 8
    assert all(stage.weight for stage in job.stages)
    assert [device.memory_capacity for device in instance.devices] == [10**8] * 2
    assert "one after the other" in instance.description


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--model", "bert"], 2, "--model: expected one of transformer, gpt2, llama, hf, got 'bert'"),
        (["--model", "gpt2:width=x"], 2, "--model gpt2:width=x: width: expected an integer, got 'x'"),
        (["--model", "transformer:layers=1"], 2, "layers: expected at least one for each of 2 stages"),
        (["--microbatches", "8,x"], 2, "--microbatches: expected numbers such as 8,12, got '8,x'"),
        (["--microbatches", "1,2,3"], 2, "--microbatches: expected one number, or one for each of 2 jobs"),
        (["--microbatches", "0"], 2, "--microbatches: expected integers >= 1, got 0"),
        (["--placement", "search"], 2, "--placement: search is for solve"),
        (["--placement", "v"], 2, "--placement v: expected a job with more stages than devices (2)"),
        (["--stages", "0"], 2, "--stages"),
        (["--devices", "3"], 2, "--devices: expected 1 to 2, the most stages of a job, got 3"),
        (["--repeats", "0"], 2, "--repeats"),
        (["--device", "tpu"], 2, "--device"),
        (["--model", "hf:config=nowhere.json"], 3, "nowhere.json: cannot be read: No such file or directory"),
        (["--corpus", "nowhere.txt"], 3, "nowhere.txt: cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    run: Run, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    outcome = run("profile", *words, "-o", "never.json")
    assert outcome.code == code
    assert message in outcome.error
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused_before_measuring(run: Run) -> None:
    outcome = run("profile", "-o", "nofolder/x.json")
    assert outcome.code == 8
    assert outcome.error.endswith("nofolder/x.json: cannot be written: its folder does not exist")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_a_wrong_option(run: Run) -> None:
    outcome = run("profile", "--device", "cuda", "-o", "never.json")
    assert outcome.code == 2
    assert "--device cuda: torch finds no GPU here" in outcome.error


def test_a_device_without_company_is_not_said_to_have_any(run: Run, tmp_path: Path) -> None:
    assert run("profile", "--model", TINY, "--stages", 1, "--repeats", 2, "-o", "one.json").code == 0
    assert "one after the other" in Instance.load(tmp_path / "one.json").description


def test_a_stage_that_fails_is_named(run: Run) -> None:
    words = ("--model", f"{TINY},learning_rate=1e37", "--stages", 1)
    outcome = run("profile", *words, "-o", "never.json")
    assert outcome.code == 7
    assert "is not finite" in outcome.error
