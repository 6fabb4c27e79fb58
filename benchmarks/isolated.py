"""Running one module in a process of its own, with a hard limit on its time."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.digests import ROOT
from benchmarks.json_lines import read_lines

_LINES_OF_ERROR = 3


@dataclass(frozen=True)
class Outcome:
    """What a process left behind: the JSON lines it wrote, and how it ended.

    Attributes
    ----------
    error
        The end of what it wrote to stderr.
    """

    lines: list[Any]
    return_code: int | None
    timed_out: bool
    error: str


def run_isolated(module: str, arguments: dict[str, Any], hard_limit: float) -> Outcome:
    """Run ``python -m MODULE ARGUMENTS OUTPUT``; the module writes JSON lines to the file OUTPUT.

    Parameters
    ----------
    arguments
        Reach the module as one JSON object.
    hard_limit
        Seconds after which the process and all its children are killed.
    """
    with tempfile.TemporaryDirectory(prefix="gapweave-bench-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        command = [sys.executable, "-m", module, json.dumps(arguments), str(output)]
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True
            )
            timed_out = _await(process, hard_limit)
        last = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LINES_OF_ERROR:]
        return Outcome(read_lines(output), process.returncode, timed_out, " / ".join(last))


def peak_memory() -> int | None:
    """Return the most memory held so far by this process and by each of those it started, in MiB.

    Of the latter those count that still run. None where Linux's /proc is not. ``getrusage`` would not do: it
    counts what the parent held when it forked.
    """
    if not Path("/proc/self/status").exists():
        return None
    own = str(os.getpid())
    found = [_status(place) for place in Path("/proc").glob("[0-9]*/status")]
    peaks = [
        int(status["VmHWM"].split()[0])
        for status in found
        if own in (status.get("Pid"), status.get("PPid")) and "VmHWM" in status
    ]
    return sum(peaks) // 1024


def _status(place: Path) -> dict[str, str]:
    """Return what /proc says of a process; nothing if it has just ended."""
    try:
        lines = place.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def use_cores(count: int) -> None:
    """Restrict this process to so many cores, whatever its libraries think they may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def _await(process: "subprocess.Popen[bytes]", hard_limit: float) -> bool:
    """Wait for the end and return whether it had to be brought about; an interrupt brings it about too."""
    try:
        process.wait(hard_limit)
    except subprocess.TimeoutExpired:
        return True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return False
