"""Running the command line inside the test's process, in an empty folder."""

import sys
from pathlib import Path

import pytest
from outcome import Outcome, Run
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.cli.main import main
from gapweave.models.schedule import Schedule


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # what a command adds is gone after the test

    def run_command(*words: object) -> Outcome:
        code = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run_command


@pytest.fixture
def schedule() -> Schedule:
    """A feasible schedule of two jobs on three devices."""
    return build_schedule(make_instance(uniform_job(3, 4), uniform_job(3, 2), devices=3))


@pytest.fixture
def schedule_file(schedule: Schedule, tmp_path: Path) -> Path:
    """The same as a file."""
    file = tmp_path / "good.schedule.json"
    schedule.save(file)
    return file
