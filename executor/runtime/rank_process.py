"""The process of one rank, as the run that started it sees it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gapweave.executor.runtime.run_folder import RunFolder

_WORKER = "gapweave.executor.runtime.worker"
_CHUNK = 1 << 16
_GLANCE = 0.01


class RankProcess:
    """A process that runs one rank, with all that it starts, and the lines that it reports."""

    def __init__(self, folder: RunFolder, rank: int) -> None:
        self.rank = rank
        with folder.log_path(rank).open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _WORKER, str(folder.path), str(rank)],
                stdin=subprocess.PIPE,  # closes when this process ends: then the rank ends too
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the parent alone
            )
        os.set_blocking(self.pipe, False)
        self._unread = b""
        self._has_group = True

    @property
    def pipe(self) -> int:
        """The descriptor from which reports are read."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone; what it forked may hold its pipe open."""
        return self._process.poll() is not None

    def reports(self) -> Sequence[dict[str, Any]] | None:
        """Return the reports that have come; None when no more will."""
        has_ended = self.has_ended  # asked before reading: what was said last is in the pipe by then
        try:
            chunk = os.read(self.pipe, _CHUNK)
        except BlockingIOError:
            return None if has_ended else ()
        if not chunk:
            return None
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None if the process still runs after some seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask the process, and all that it started, to end."""
        self._signal(signal.SIGTERM)

    def kill(self, at: float) -> None:
        """End what is left of them, at a time of the monotonic clock, and forget them."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, at - time.monotonic()))
        while self._signal(0) and time.monotonic() < at:
            time.sleep(_GLANCE)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._has_group = False  # from now on the number may be another's

    def _signal(self, number: int) -> bool:
        """Send a signal to the process group; return whether there is one."""
        if self._has_group:
            try:
                os.killpg(self._process.pid, number)
            except (ProcessLookupError, PermissionError):
                self._has_group = False
        return self._has_group

    def close(self) -> None:
        """Close the pipes."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _environment() -> dict[str, str]:
    """Return the environment, with this process's places to import from."""
    places = [place or os.getcwd() for place in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
