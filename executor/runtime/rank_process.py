"""The process of one rank, as the run that started it sees it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from gapweave.executor.runtime.run_folder import RunFolder

_WORKER = "gapweave.executor.runtime.worker"
_CHUNK = 1 << 16


class RankProcess:
    """A process that runs one rank, and the lines that it reports."""

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
        self._unread = b""

    @property
    def pipe(self) -> int:
        """The descriptor from which reports are read."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def reports(self) -> Iterator[dict[str, Any]] | None:
        """Return the reports that have come; None when no more will."""
        chunk = os.read(self.pipe, _CHUNK)
        if not chunk:
            return None
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        return (json.loads(line) for line in lines)

    def wait(self, seconds: float) -> int | None:
        """Return the exit code; None if the process still runs after some seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def terminate(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End the process, and forget it."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _environment() -> dict[str, str]:
    """Return the environment, with this process's places to import from."""
    places = [place or os.getcwd() for place in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
