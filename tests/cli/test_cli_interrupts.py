"""Ctrl-C and SIGTERM while a command works."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gapweave import Schedule, verify
from gapweave.models.errors import Interrupted

#: Far from solved within the seconds that these tests give it.
HARD = "zb-6.2b+1.5b-p8-m64-1x"


def _started(*words: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gapweave", *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """What a shell starts in the background, and all that starts itself, ignores SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_solve_writes_the_best_schedule_so_far(number: signal.Signals, tmp_path: Path) -> None:
    process = _started("solve", HARD, "-o", "best.json", "--time-limit", "300", folder=tmp_path)
    time.sleep(15)  # on a slow machine, until the first schedule is there
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, ""), output
    schedule = Schedule.load(tmp_path / "best.json")
    assert verify(schedule) == []


def test_a_solve_interrupted_during_start_up_says_so_in_one_line(tmp_path: Path) -> None:
    process = _started("solve", HARD, folder=tmp_path)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    if process.returncode == -signal.SIGINT:  # before Python could handle signals at all
        return
    assert process.returncode == Interrupted.exit_code
    assert output == ""
    assert errors in (
        "gapweave: error: interrupted\n",
        "gapweave: error: interrupted before a schedule was found\n",
    )
    assert not list(tmp_path.iterdir())
