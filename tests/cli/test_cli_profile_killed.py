"""A measurement that is killed or interrupted leaves nothing behind that goes on measuring."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

TINY = "transformer:layers=2,width=8,heads=1,sequence=4,batch=1"
#: Seconds, far more than it takes.
_PATIENCE = 120.0


def processes_of(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(child) for child in children.read_text().split()]


def has_torch(process: int) -> bool:
    return "libtorch" in Path(f"/proc/{process}/maps").read_text()


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the system ends them on Linux")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_profile_that_ends_early_leaves_no_process_measuring(
    number: signal.Signals, tmp_path: Path
) -> None:
    words = ("profile", "--model", TINY, "--repeats", "1000000", "-o", str(tmp_path / "never.json"))
    command = subprocess.Popen([sys.executable, "-m", "gapweave", *words])
    try:
        assert wait_until(lambda: sum(map(has_torch, processes_of(command.pid))) == 2)
        started = processes_of(command.pid)
        command.send_signal(number)
        command.wait(_PATIENCE)
    finally:
        command.kill()
        command.wait()
    assert wait_until(lambda: not any(map(is_alive, started)))
