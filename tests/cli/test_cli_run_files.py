"""The files that ``gapweave run`` leaves: a trace that ``show --measured`` reads, and losses."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import build_schedule, make_instance, uniform_job


@pytest.fixture
def clipped(tmp_path: Path) -> Path:
    """A schedule of two jobs in opposite order, with gradient-norm messages at the end of a step."""
    job = uniform_job(2, 3, optimizer_barrier=True)
    opposite = job | {"stages": [stage | {"device": 1 - stage["device"]} for stage in job["stages"]]}
    file = tmp_path / "clipped.schedule.json"
    build_schedule(make_instance(job, opposite, devices=2), offsets=(0, 2)).save(file)
    return file


def test_what_a_run_measured_is_shown_beside_its_plan(run: Run, clipped: Path) -> None:
    files = ("--trace", "run.json", "--losses", "losses.svg")
    assert run("run", clipped, "--steps", 3, "--backend", "in-process", *files).code == 0
    assert Path("losses.svg").read_text(encoding="utf-8").count("job1 ") == 1
    report = json.loads(run("show", clipped, "--measured", "run.json", "--json").out)
    assert [step["step"] for step in report["steps"]] == [1, 2, 3]
    assert report["tick_is_estimated"]
    for device in report["devices"]:
        assert sum(device["lost_ns"].values()) - device["regained_ns"] == device["lateness_ns"]
    assert "as if one thread carried out all of them" in run("show", clipped, "--measured", "run.json").out


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["--losses", "losses.txt"], 2, "losses.txt: expected a name that ends in one of .csv"),
        (["--losses", "none/losses.csv"], 8, "none/losses.csv: cannot be written"),
        (["--trace", "none/run.json"], 8, "none/run.json: cannot be written"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_training(
    run: Run, clipped: Path, words: list[str], code: int, problem: str
) -> None:
    outcome = run("run", clipped, "--jobs", "nowhere:jobs", *words)
    assert outcome.code == code
    assert problem in outcome.error


TRAINING = """
import signal
import torch
from torch import nn
from gapweave.executor.training.job import TrainingJob


def microbatch(step, index):
    inputs = torch.randn(2, 4, generator=torch.Generator().manual_seed(100 * step + index))
    return inputs, inputs


sent = []


def interrupted(step, index):
    if step == 2 and not sent:
        sent.append(step)
        signal.raise_signal(signal.SIGINT)
    return microbatch(step, index)


def failing(step, index):
    return 1 / (2 - step) * microbatch(step, index)[0], microbatch(step, index)[1]


def sgd(parameters):
    return torch.optim.SGD(parameters, 0.1)


def job(stages, data):
    return TrainingJob([lambda: nn.Linear(4, 4)] * stages, nn.functional.mse_loss, sgd, data)


def jobs(schedule, data):
    return [job(len(planned.stages), data) for planned in schedule.instance.jobs]


def interrupted_jobs(schedule):
    return jobs(schedule, interrupted)


def failing_jobs(schedule):
    return jobs(schedule, failing)
"""
FILES = ("--trace", "run.json", "--losses", "losses.csv")


def losses() -> list[str]:
    header, *rows = Path("losses.csv").read_text().splitlines()
    assert header == "job,step,loss"
    return [row.rsplit(",", 1)[0] for row in rows]


def test_an_interrupted_run_leaves_its_files_although_nothing_is_saved(run: Run, clipped: Path) -> None:
    Path("training.py").write_text(TRAINING)
    words = ("--backend", "in-process", "--jobs", "training.py:interrupted_jobs", *FILES)
    outcome = run("run", clipped, "--steps", 1000, *words)
    assert outcome.code == 130
    assert "interrupted after step 3 of 1000" in outcome.error
    assert losses() == [f"job{job},{step}" for job in (0, 1) for step in (1, 2, 3)]
    assert run("show", clipped, "--measured", "run.json").code == 0


def test_a_run_that_fails_under_torchrun_leaves_the_files_of_the_first_rank(run: Run, tmp_path: Path) -> None:
    build_schedule(make_instance(uniform_job(1, 3), devices=1)).save(tmp_path / "one.json")
    Path("training.py").write_text(TRAINING)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    rank = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    path = {"PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path)}
    words = ("run", "one.json", "--steps", "5", "--jobs", "training.py:failing_jobs", *FILES)
    done = subprocess.run(
        [sys.executable, "-m", "gapweave", *words], env=os.environ | path | rank, capture_output=True
    )
    assert done.returncode == 7
    assert b"ZeroDivisionError" in done.stderr
    assert losses() == ["job0,1", "job0,2"]
    assert run("show", "one.json", "--measured", "run.json").code == 0
