"""A run as a person watches it: live progress, Ctrl-C, and whether it ended as it should."""

from typing import TYPE_CHECKING

from gapweave.cli.interrupts import stop_on_signals
from gapweave.cli.live import live_line
from gapweave.cli.run_outputs import newest_checkpoint
from gapweave.models.errors import ExecutionFailed, Interrupted

if TYPE_CHECKING:
    from gapweave.executor.run_result import RunResult
    from gapweave.executor.runtime.options import RunOptions
    from gapweave.executor.runtime.step_collector import StepProgress
    from gapweave.models.schedule import Schedule


def run_watched(schedule: "Schedule", options: "RunOptions", *, check: bool) -> "RunResult":
    """Run a schedule with a live line; Ctrl-C or SIGTERM ends it after the step that is under way.

    Raises
    ------
    Interrupted
        It was stopped, and no checkpoint holds what was done.
    """
    from gapweave.executor.run import run_with

    with live_line("starting") as show, stop_on_signals() as stop:

        def on_step(progress: "StepProgress") -> None:
            show(_line(progress, options.steps))

        result = run_with(schedule, options, check=check, on_step=on_step, stopped=stop.is_set)
    if result.interrupted and newest_checkpoint(options) is None:
        raise Interrupted(f"interrupted after step {result.completed} of {options.steps}")
    return result


def require_parity(result: "RunResult") -> None:
    """Raise ExecutionFailed unless every job ended as it does alone."""
    wrong = [parity.job for parity in result.parity or () if parity.differing]
    if wrong:
        raise ExecutionFailed(f"parameters differ from training alone: {', '.join(wrong)}")


def _line(progress: "StepProgress", steps: int) -> str:
    losses = ", ".join(f"{name} {loss:.4f}" for name, loss in progress.losses.items())
    return f"step {progress.step} of {steps}: loss {losses}; {progress.seconds:.3f} s per step"
