"""The folder of a run's checkpoints: one subfolder per step, complete or not there."""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gapweave.models.atomic_write import write_text
from gapweave.models.errors import InvalidFile, OutputError

#: How many checkpoints are kept.
_KEPT = 2
#: The file that makes a checkpoint complete.
HEADER = "checkpoint.json"
_FORMAT = "gapweave.checkpoint/1"


@dataclass(frozen=True)
class Header:
    """What a checkpoint is of.

    Attributes
    ----------
    step
        Steps of the schedule that are complete; of one with a period, periods.
    schedule
        Digest of the schedule that ran.
    jobs
        Number of stages of each job, by its name.
    steps
        Training steps of each job in one step of the schedule, by its name; None if an earlier gapweave wrote
        the checkpoint.
    settings
        What makes each job's numbers besides its parameters, by its name; None is not compared.
    """

    step: int
    schedule: str
    jobs: dict[str, int]
    steps: dict[str, int] | None = None
    settings: dict[str, dict[str, str]] | None = None


def step_folder(folder: Path, step: int) -> Path:
    """Return where the checkpoint after a step lies."""
    return folder / f"step-{step:08}"


def begin(folder: Path, step: int) -> Path:
    """Make an empty place for a checkpoint; raises OutputError."""
    place = step_folder(folder, step)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    except OSError as exc:
        raise OutputError(f"{place}: cannot be written: {exc.strerror}") from exc
    return place


def complete(folder: Path, header: Header) -> None:
    """Declare a checkpoint complete, and remove all but the newest ones and the last one of each job."""
    write_text(
        step_folder(folder, header.step) / HEADER, json.dumps({"format": _FORMAT} | asdict(header)) + "\n"
    )
    for old in _superseded(sorted(folder.glob("step-*/" + HEADER))):
        with suppress(OSError):  # first what makes it complete
            os.unlink(old)
        shutil.rmtree(old.parent, ignore_errors=True)


def newest_of(folder: Path, job: str) -> Header | None:
    """Return the header of the newest checkpoint that has a job."""
    headers = map(_read, sorted(folder.glob("step-*/" + HEADER), reverse=True))
    return next((header for header in headers if job in header.jobs), None)


def _superseded(headers: list[Path]) -> list[Path]:
    """Return the headers that are not among the newest, nor the newest one of any job."""
    newer: set[str] = set()
    for header in headers[-_KEPT:]:
        newer |= _read(header).jobs.keys()
    old = []
    for header in reversed(headers[:-_KEPT]):
        jobs = _read(header).jobs.keys()
        if jobs <= newer:
            old.append(header)
        newer |= jobs
    return old


def abandon(folder: Path, step: int) -> None:
    """Remove a checkpoint that could not be written."""
    shutil.rmtree(step_folder(folder, step), ignore_errors=True)


def newest(folder: Path) -> tuple[Path, Header] | None:
    """Return place and header of the newest complete checkpoint; None if there is none.

    Raises
    ------
    InvalidFile
        The folder is no folder, or a header is broken.
    """
    if folder.exists() and not folder.is_dir():
        raise InvalidFile("", "is no folder of checkpoints", str(folder))
    headers = sorted(folder.glob("step-*/" + HEADER))
    if not headers:
        return None
    return headers[-1].parent, _read(headers[-1])


def _read(path: Path) -> Header:
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("format") != _FORMAT:
            raise InvalidFile("format", f"expected {_FORMAT!r}", str(path))
        header = Header(
            int(values["step"]),
            str(values["schedule"]),
            dict(values["jobs"]),
            None if values.get("steps") is None else dict(values["steps"]),
            _settings(values.get("settings")),
        )
    except OSError as exc:
        raise InvalidFile("", f"cannot be read: {exc.strerror}", str(path)) from exc
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InvalidFile("", f"is no header of a checkpoint: {exc}", str(path)) from exc
    return header


def _settings(values: Any) -> dict[str, dict[str, str]] | None:
    return None if values is None else {str(job): dict(own) for job, own in values.items()}
