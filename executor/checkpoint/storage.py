"""Writing and reading the state of stages with torch.distributed.checkpoint, by one process or by many."""

import errno
import warnings
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import BytesStorageMetadata, TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load as load_state
from torch.distributed.checkpoint.state_dict_saver import save as save_state

from gapweave.executor.checkpoint.flat_state import flatten, prefix_of, unflatten
from gapweave.executor.checkpoint.settings import ADDRESS
from gapweave.executor.runtime.lost_rank import together
from gapweave.executor.runtime.stage_protocol import Stage, Stages
from gapweave.models.errors import ExecutionFailed, InvalidFile, OutputError

#: The key of a stage's description.
_MODULES = "modules"


def save(place: Path, stages: Stages, names: Mapping[int, str]) -> None:
    """Write the stages of this process; all processes of a run call it together.

    Parameters
    ----------
    names
        Of the jobs.

    Raises
    ------
    OutputError
        The disk is full, or the folder cannot be written.
    ExecutionFailed
        Another process of the run is gone.
    """
    flat = {
        prefix_of(names[job], number) + key: value
        for (job, number), stage in stages.items()
        for key, value in (flatten(stage.state_dict()) | {_MODULES: _words(stage)}).items()
    }
    try:
        with warnings.catch_warnings(), together(f"{place} was written"):
            warnings.simplefilter("ignore")
            save_state(flat, storage_writer=FileSystemWriter(str(place)), no_dist=not dist.is_initialized())
    except ExecutionFailed:
        raise
    except (Exception, CheckpointException) as exc:
        raise OutputError(f"{place}: cannot be written: {_reason(exc)}") from exc


def load(place: Path, stages: Stages, names: Mapping[int, str]) -> None:
    """Read the stages of this process, wherever they were written.

    Raises
    ------
    InvalidFile
        The checkpoint is unreadable, or has other stages or shapes.
    """
    reader = FileSystemReader(str(place))
    try:
        known = reader.read_metadata().state_dict_metadata
    except (Exception, CheckpointException) as exc:
        raise InvalidFile("", f"is no checkpoint: {_reason(exc)}", str(place)) from exc
    wanted: dict[str, Any] = {}
    for job, number in stages:
        prefix = prefix_of(names[job], number)
        own = {key: _empty(entry) for key, entry in known.items() if key.startswith(prefix)}
        if not own:
            raise InvalidFile(f"job {names[job]!r}, stage {number}", "is not in this checkpoint", str(place))
        wanted |= own
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_state(wanted, storage_reader=reader, no_dist=True)
    except (Exception, CheckpointException) as exc:
        raise InvalidFile("", f"cannot be read: {_reason(exc)}", str(place)) from exc
    for (job, number), stage in stages.items():
        prefix = prefix_of(names[job], number)
        flat = {key.removeprefix(prefix): value for key, value in wanted.items() if key.startswith(prefix)}
        where = f"job {names[job]!r}, stage {number}"
        if _MODULES in flat and not torch.equal(flat[_MODULES], _words(stage)):
            raise InvalidFile(where, f"is of another model: {_difference(flat[_MODULES], stage)}", str(place))
        try:
            stage.load_state_dict(unflatten(flat))
        except (RuntimeError, ValueError, KeyError) as exc:
            raise InvalidFile(where, f"is of another model: {_reason(exc)}", str(place)) from exc


def _words(stage: Stage) -> Tensor:
    """Return what a stage's modules say of themselves, as bytes: options too, such as a dropout's."""
    return torch.frombuffer(bytearray(_description(stage).encode()), dtype=torch.uint8)


def _description(stage: Stage) -> str:
    return ADDRESS.sub("", repr(stage.module))


def _difference(words: Tensor, stage: Stage) -> str:
    """Return the first line in which the description that was saved differs."""
    pairs = zip_longest(bytes(words.tolist()).decode().splitlines(), _description(stage).splitlines())
    before, now = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return f"it had {(before or 'nothing').strip()}, this one has {(now or 'nothing').strip()}"


def _empty(entry: Any) -> Any:
    if isinstance(entry, TensorStorageMetadata):
        return torch.empty(entry.size, dtype=entry.properties.dtype)
    assert isinstance(entry, BytesStorageMetadata)
    return None


def _reason(exc: BaseException) -> str:
    """Return the innermost cause in one line: torch wraps what a rank raised."""
    for failure in getattr(exc, "failures", {}).values():
        if isinstance(failure, tuple) and failure and isinstance(failure[0], BaseException):
            return _reason(failure[0])
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    if "iostream" in str(exc) or "enforce fail" in str(exc) or "unexpected pos" in str(exc):
        return errno.errorcode[errno.ENOSPC] + " or another failed write"
    return " ".join(str(exc).split())[:200] or type(exc).__name__
