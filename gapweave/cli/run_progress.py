"""A run as a person watches it: live progress, Ctrl-C, and whether it ended as it should."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gapweave.cli.interrupts import stop_on_signals
from gapweave.cli.run_outputs import newest_checkpoint
from gapweave.cli.training_progress import TrainingProgress
from gapweave.models.errors import ExecutionFailed, Interrupted

if TYPE_CHECKING:
    from gapweave.executor.run_result import RunResult
    from gapweave.executor.runtime.options import RunOptions
    from gapweave.executor.runtime.step_collector import StepProgress
    from gapweave.models.schedule import Schedule


def run_watched(schedule: "Schedule", options: "RunOptions", *, check: bool) -> "RunResult":
    """Run a schedule with a live display; Ctrl-C or SIGTERM ends it after the step that is under way."""
    from gapweave.executor.run import run_with

    with TrainingProgress(options.steps) as display, _signals() as stopped:

        def on_step(progress: "StepProgress") -> None:
            display.update(progress.step, progress.losses, progress.seconds)

        return run_with(schedule, options, check=check, on_step=on_step, stopped=stopped)


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Yield whether to stop; under torchrun a signal ends the process at once, whatever it waits for."""
    from gapweave.executor.runtime.backend import is_under_torchrun

    if is_under_torchrun():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        yield lambda: False
        return
    with stop_on_signals() as stop:
        yield stop.is_set


def keep_writing() -> None:
    """Go on although torchrun, when one rank has failed, tells all others to end."""
    from gapweave.executor.runtime.backend import is_under_torchrun

    if is_under_torchrun():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def require_saved(result: "RunResult", options: "RunOptions") -> None:
    """Raise Interrupted if the run was stopped, and no checkpoint holds what was done."""
    if result.interrupted and newest_checkpoint(options) is None:
        raise Interrupted(f"interrupted after step {result.completed} of {options.steps}")


def require_parity(result: "RunResult") -> None:
    """Raise ExecutionFailed unless every job ended as it does alone."""
    wrong = [parity.job for parity in result.parity or () if parity.differing]
    if wrong:
        raise ExecutionFailed(f"parameters differ from training alone: {', '.join(wrong)}")
