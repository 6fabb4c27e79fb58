"""The files that ``gapweave run`` leaves: a trace that ``show --measured`` reads, and losses."""

import json
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
