"""``gapweave run``: training the jobs of a schedule, and what it says about wrong options."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.placement import placed

TWO_JOBS = """
import torch
from torch import nn
from gapweave.executor.training.job import TrainingJob


def microbatch(step, index):
    inputs = torch.randn(2, 4, generator=torch.Generator().manual_seed(100 * step + index))
    return inputs, inputs.flip(1)


def job(seed):
    stages = [lambda: nn.Linear(4, 4)] * 2
    return TrainingJob(stages, nn.functional.mse_loss, lambda p: torch.optim.SGD(p, 0.1), microbatch, seed)


def jobs(schedule):
    return [job(seed) for seed in range(len(schedule.instance.jobs))]


def one_job(schedule):
    return [job(0)]


def no_jobs(schedule):
    return "nothing"


def broken_jobs(schedule):
    raise KeyError("width")
"""


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A schedule of two jobs on two devices, beside a file with training jobs for it."""
    file = tmp_path / "pair.schedule.json"
    build_schedule(make_instance(uniform_job(2, 3), uniform_job(2, 2), devices=2)).save(file)
    (tmp_path / "two_jobs.py").write_text(TWO_JOBS)
    return file


def test_any_schedule_runs_without_options(run: Run, schedule_file: Path) -> None:
    outcome = run("run", schedule_file, "--backend", "in-process")
    assert outcome.code == 0
    assert "in-process, 3 ranks" in outcome.out


def test_processes_train_own_models_exactly_as_alone(run: Run, pair: Path, tmp_path: Path) -> None:
    words = ("--jobs", "two_jobs.py:jobs", "--backend", "gloo", "--check", "--losses", "loss.csv", "--json")
    outcome = run("run", pair, "--steps", 3, *words)
    assert outcome.code == 0
    report = json.loads(outcome.out)
    assert (report["backend"], report["ranks"], report["completed"]) == ("gloo", 2, 3)
    assert report["parity"] == [
        {"job": "job0", "parameters": 4, "differing": []},
        {"job": "job1", "parameters": 4, "differing": []},
    ]
    header, *rows = (tmp_path / "loss.csv").read_text().splitlines()
    assert header == "job,step,loss"
    assert [row.rsplit(",", 1)[0] for row in rows] == [f"job{j},{step}" for j in (0, 1) for step in (1, 2, 3)]
    assert [float(row.rsplit(",", 1)[1]) for row in rows[:3]] == report["losses"]["job0"]


def test_periods_are_counted_and_each_job_s_steps_with_them(run: Run, tmp_path: Path) -> None:
    make_instance(uniform_job(2, 3), uniform_job(2, 2), devices=2).save(tmp_path / "pair.json")
    words = ("--objective", "period", "--steps", "1,2", "-o", "period.json", "--time-limit", "10")
    assert run("solve", "pair.json", *words).code == 0
    saved = ("--backend", "in-process", "--checkpoint", "saved")
    outcome = run("run", "period.json", "--steps", 3, *saved)
    assert "periods     3 in one piece\n" in outcome.out
    assert [line.split()[:2] for line in outcome.out.splitlines()[-2:]] == [["job0", "3"], ["job1", "6"]]
    outcome = run("run", "period.json", "--steps", 5, *saved, "--resume")
    assert "periods     5 in 5 pieces, 3 of them by an earlier run\n" in outcome.out
    assert [line.split()[:2] for line in outcome.out.splitlines()[-2:]] == [["job0", "2"], ["job1", "4"]]


def test_resuming_another_schedule_is_allowed_and_said(run: Run, pair: Path, tmp_path: Path) -> None:
    other = tmp_path / "opposed.schedule.json"
    build_schedule(placed(make_instance(uniform_job(2, 3), uniform_job(2, 2), devices=2), "reversed")).save(
        other
    )
    words = ("--jobs", "two_jobs.py:jobs", "--backend", "in-process", "--checkpoint", "saved")
    assert run("run", pair, *words).code == 0
    assert "2, 1 of them by an earlier run\n" in run("run", pair, "--steps", 2, *words, "--resume").out
    outcome = run("run", other, "--steps", 3, *words, "--resume")
    assert "3, 2 of them by an earlier run of another schedule" in outcome.out


def test_under_torchrun_every_process_is_one_device(pair: Path, tmp_path: Path) -> None:
    here = [*sys.path, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in here)}
    launch = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "gapweave"]
    words = ["run", str(pair), "--jobs", "two_jobs:jobs", "--steps", "2", "--check", "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", *launch, *words], env=environment, capture_output=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr.decode()
    report = json.loads(ran.stdout)
    assert report["completed"] == 2
    assert [parity["differing"] for parity in report["parity"]] == [[], []]


def test_a_file_of_jobs_may_have_dataclasses_with_annotations_as_text(
    run: Run, pair: Path, tmp_path: Path
) -> None:
    settings = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    settings += "@dataclass\nclass Settings:\n    width: int = 4\n"
    (tmp_path / "with_settings.py").write_text(settings + TWO_JOBS)
    outcome = run("run", pair, "--jobs", "with_settings.py:jobs", "--backend", "in-process")
    assert outcome.code == 0, outcome.error


@pytest.mark.parametrize("name", ["not_there_yet", "statistics"])
def test_a_file_of_jobs_that_fails_leaves_no_module_behind(
    run: Run, pair: Path, tmp_path: Path, name: str
) -> None:
    before = sys.modules.get(name)
    (tmp_path / f"{name}.py").write_text("1 / 0")
    outcome = run("run", pair, "--jobs", f"{name}.py:jobs", "--backend", "in-process")
    assert outcome.code == 7
    assert "ZeroDivisionError" in outcome.error
    assert sys.modules.get(name) is before


@pytest.mark.parametrize("backend", ["in-process", "gloo"])
@pytest.mark.parametrize(
    "jobs",
    ["of_a_module:jobs", "folder/of_a_file.py:jobs"],
    ids=["the working directory", "the file's folder"],
)
def test_imports_lead_to_the_same_place_in_every_process(
    run: Run, pair: Path, tmp_path: Path, jobs: str, backend: str
) -> None:
    (tmp_path / "folder").mkdir()
    for place, name in ((tmp_path, "of_a_module"), (tmp_path / "folder", "of_a_file")):
        (place / f"beside_{name}.py").write_text(TWO_JOBS)
        (place / f"{name}.py").write_text(f"from beside_{name} import jobs")
    outcome = run("run", pair, "--jobs", jobs, "--backend", backend, "--check")
    assert outcome.code == 0, outcome.error


@pytest.mark.parametrize(
    ("jobs", "code", "message"),
    [
        ("nowhere", 2, "expected module:function or file.py:function"),
        ("nowhere:jobs", 2, "cannot import 'nowhere'"),
        ("nowhere.py:jobs", 2, "no such file: nowhere.py"),
        ("two_jobs.py:none", 2, "has no function 'none'"),
        ("two_jobs.py:no_jobs", 2, "expected a list of TrainingJob"),
        ("two_jobs.py:one_job", 7, "jobs: the schedule is for 2, got 1"),
        ("two_jobs.py:broken_jobs", 7, "broken_jobs: KeyError: 'width'"),
    ],
)
def test_jobs_that_cannot_be_had_are_one_line(
    run: Run, pair: Path, jobs: str, code: int, message: str
) -> None:
    outcome = run("run", pair, "--backend", "in-process", "--jobs", jobs)
    assert outcome.code == code
    assert message in outcome.error
    assert not outcome.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--resume"], "--resume needs --checkpoint"),
        (["--steps", "0"], "greater than or equal to 1"),
        (["--deadline", "inf"], "--deadline: expected seconds from 0.1 to 1000000, got inf"),
    ],
)
def test_wrong_options_are_one_line(run: Run, pair: Path, words: list[str], message: str) -> None:
    outcome = run("run", pair, *words)
    assert outcome.code == 2
    assert message in outcome.error


def test_a_dry_run_plays_the_programs_without_training(run: Run, pair: Path) -> None:
    report = json.loads(run("run", pair, "--dry-run", "--json").out)
    schedule = json.loads(pair.read_text())
    assert report["ranks"] == 2
    assert report["makespan"] <= schedule["makespan"]


def test_an_interrupted_run_ends_with_a_checkpoint_of_a_whole_step(pair: Path, tmp_path: Path) -> None:
    words = ("--steps", "1000000", "--backend", "gloo", "--jobs", "two_jobs.py:jobs", "--checkpoint", "saved")
    process = subprocess.Popen(
        [sys.executable, "-m", "gapweave", "run", str(pair), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(place or os.getcwd() for place in sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list(tmp_path.glob("saved/step-*/checkpoint.json")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err.decode()
    assert b"stopped early" in out
    assert b"checkpoint  saved/step-" in out
