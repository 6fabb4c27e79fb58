"""The files that a run leaves: its trace, its losses, and the checkpoint to go on from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.models.atomic_write import write_text

if TYPE_CHECKING:
    from gapweave.executor.run_result import RunResult
    from gapweave.executor.runtime.options import RunOptions


def write_files(result: "RunResult", trace: str | None, losses: str | None) -> None:
    """Write the files that were asked for; raises OutputError."""
    if losses is not None:
        write_text(losses, losses_csv(result))
    if trace is not None:
        write_text(trace, _trace(result))


def losses_csv(result: "RunResult") -> str:
    """Return one row per job and training step, with the mean loss of its microbatches."""
    lines = ["job,step,loss"]
    for (name, steps), count in zip(result.losses.items(), result.schedule.steps, strict=True):
        for step, losses in enumerate(steps, start=result.resumed * count + 1):
            lines.append(f"{_quoted(name)},{step},{sum(losses) / len(losses)!r}")
    return "\n".join(lines) + "\n"


def newest_checkpoint(options: "RunOptions") -> tuple[str, int] | None:
    """Return the newest checkpoint and its step, if there is one."""
    from gapweave.executor.checkpoint.folder import newest

    found = None if options.checkpoint is None else newest(Path(options.checkpoint))
    return None if found is None else (str(found[0]), found[1].step)


def _trace(result: "RunResult") -> str:
    from gapweave.executor.measured.trace import measured_trace

    return json.dumps(measured_trace(result.schedule, result.events())) + "\n"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"\n\r') else name
