"""``gapweave profile --jobs``: from own modules to an instance, to a schedule, and back to the modules."""

import json
from pathlib import Path

import pytest
from outcome import Run

from gapweave import Instance

OWN_JOBS = """
from dataclasses import replace
import torch
from torch import nn
from gapweave.executor.training.job import TrainingJob


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(8, 4)

    def forward(self, words):
        hidden = self.table(words)
        return hidden, hidden.mean(0)


class Middle(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, hidden, mean):
        return self.linear(hidden) + mean, mean


class Head(Middle):
    def forward(self, hidden, mean):
        return super().forward(hidden, mean)[0]


def microbatch(step, index):
    words = torch.randint(8, (6,), generator=torch.Generator().manual_seed(100 * step + index))
    return words, torch.nn.functional.one_hot(words, 4 + 4)[:, :4].float()


def job(stages, **more):
    parts = [Embedding, *[Middle] * (stages - 2), Head]
    return TrainingJob(parts, nn.functional.mse_loss, torch.optim.AdamW, microbatch, **more)


def two():
    return [job(2, seed=1), job(2, seed=2, clip_norm=1.0)]


def of_schedule(schedule=None):
    count = 1 if schedule is None else len(schedule.instance.jobs)
    return [job(4, seed=seed) for seed in range(count)]


def needs_schedule(schedule):
    return two()


def none():
    return []


def unfit():
    return [replace(job(2), stages=[Embedding, lambda: nn.Linear(4, 4)])]
"""


@pytest.fixture(autouse=True)
def own_jobs(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN_JOBS)


def differing(run: Run, jobs: str) -> list[list[str]]:
    """Which parameters differ from training alone, after the instance was solved and run."""
    assert run("solve", "own.json", "--time-limit", 2, "--workers", 1, "-o", "own.schedule.json").code == 0
    words = ("--jobs", jobs, "--backend", "in-process", "--steps", 2, "--check", "--json")
    ran = run("run", "own.schedule.json", *words)
    assert ran.code == 0, ran.error
    return [parity["differing"] for parity in json.loads(ran.out)["parity"]]


def test_own_jobs_are_profiled_solved_and_run_bitwise_as_alone(run: Run, tmp_path: Path) -> None:
    words = ("--microbatches", "3,2", "--placement", "reversed", "--repeats", 2)
    outcome = run("profile", "--jobs", "mine.py:two", *words, "-o", "own.json")
    assert outcome.code == 0, outcome.error
    instance = Instance.load(tmp_path / "own.json")
    assert instance.source == "gapweave profile --jobs mine.py:two"
    assert "with all devices busy" in instance.description
    assert [job.microbatches for job in instance.jobs] == [3, 2]
    assert [[stage.device for stage in job.stages] for job in instance.jobs] == [[0, 1], [1, 0]]
    assert [job.optimizer_barrier for job in instance.jobs] == [False, True]
    for job in instance.jobs:
        assert min(*job.forward_transfer, *job.backward_transfer) > 0
        assert all(stage.optimizer and stage.weight is None for stage in job.stages)
        assert all(stage.memory.resident and stage.memory.forward for stage in job.stages)
    assert differing(run, "mine.py:two") == [[], []]
    said = run("run", "own.schedule.json", "--backend", "in-process").out
    assert said.endswith(
        "trained small transformers; the times are of others: --jobs mine.py:two trains those\n"
    )


@pytest.mark.parametrize(("placement", "path"), [("same", [0, 1, 0, 1]), ("v", [0, 1, 1, 0])])
def test_a_device_gets_several_stages_and_runs_them(
    run: Run, tmp_path: Path, placement: str, path: list[int]
) -> None:
    words = ("--devices", 2, "--placement", placement, "--split", "--alone", "--repeats", 2)
    outcome = run("profile", "--jobs", "mine.py:of_schedule", *words, "--microbatches", 2, "-o", "own.json")
    assert outcome.code == 0, outcome.error
    instance = Instance.load(tmp_path / "own.json")
    (job,) = instance.jobs
    assert [device.name for device in instance.devices] == ["cpu0", "cpu1"]
    assert [stage.device for stage in job.stages] == path
    assert all(stage.weight for stage in job.stages)
    assert differing(run, "mine.py:of_schedule") == [[]]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--jobs", "two"], 2, "--jobs: expected module:function or file.py:function, got 'two'"),
        (["--jobs", "mine.py:three"], 2, "mine.py has no function 'three'"),
        (["--jobs", "mine.py:none"], 2, "--jobs mine.py:none: expected at least one job"),
        (
            ["--jobs", "mine.py:needs_schedule"],
            2,
            "--jobs mine.py:needs_schedule: needs an argument, and before a profile there is no schedule",
        ),
        (["--jobs", "mine.py:two", "--stages", "2"], 2, "--stages and --corpus are for ready-made jobs"),
        (
            ["--jobs", "mine.py:two", "--model", "gpt2"],
            2,
            "--model, --stages and --corpus are for ready-made",
        ),
        (["--jobs", "mine.py:two", "--devices", "3"], 2, "--devices: expected 1 to 2"),
        (["--jobs", "mine.py:two", "--microbatches", "1,2,3"], 2, "one for each of 2 jobs, got 3"),
        (["--jobs", "mine.py:unfit", "--alone"], 7, "jobs[0].stages[1]: TypeError: "),
    ],
)
def test_own_jobs_that_cannot_be_measured_are_one_line(
    run: Run, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    outcome = run("profile", *words, "-o", "never.json")
    assert outcome.code == code
    assert message in outcome.error
    assert not (tmp_path / "never.json").exists()
