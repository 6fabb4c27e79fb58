"""The files that a run leaves: its trace, its losses, and the checkpoint to go on from."""

import json
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import require_writable, write_text

if TYPE_CHECKING:
    from gapweave.executor.checkpoint.folder import Header
    from gapweave.executor.run_result import RunResult
    from gapweave.executor.runtime.options import RunOptions
    from gapweave.reports.losses_file import LossCurve


def write_files(result: "RunResult", trace: str | None, losses: str | None) -> None:
    """Write the files that were asked for; raises OutputError."""
    if losses is not None:
        from gapweave.reports.loss_curves import write_losses

        write_losses(losses, loss_curves(result), title=f"Losses on {result.schedule.instance.name}")
    if trace is not None:
        write_text(trace, _trace(result))


def require_files(trace: str | None, losses: str | None) -> None:
    """Refuse files that could not be written, before the training rather than after it.

    Raises
    ------
    InvalidOption
        The losses' name has an unknown suffix.
    OutputError
        A file cannot be written.
    """
    if losses is not None:
        from gapweave.reports.loss_curves import SUFFIXES
        from gapweave.reports.suffixes import suffix_of

        suffix_of(losses, SUFFIXES)
    for file in (losses, trace):
        if file is not None:
            require_writable(file)


def loss_curves(result: "RunResult") -> "list[LossCurve]":
    """Return the mean loss of the microbatches of each training step, job by job."""
    from gapweave.reports.losses_file import LossCurve

    return [
        LossCurve(name, tuple(map(fmean, steps)), first=result.resumed * count + 1)
        for (name, steps), count in zip(result.losses.items(), result.schedule.steps, strict=True)
    ]


def newest_checkpoint(options: "RunOptions") -> "tuple[Path, Header] | None":
    """Return place and header of the newest checkpoint, if there is one."""
    from gapweave.executor.checkpoint.folder import newest

    return None if options.checkpoint is None else newest(Path(options.checkpoint))


def _trace(result: "RunResult") -> str:
    from gapweave.executor.measured.trace import measured_trace

    return json.dumps(measured_trace(result.schedule, result.events()), separators=(",", ":")) + "\n"
