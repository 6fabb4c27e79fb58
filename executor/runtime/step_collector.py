"""Puts the reports of all processes together, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from gapweave.executor.runtime.training_loop import StepReport
from gapweave.models.schedule import Schedule

#: ``[job][training step][microbatch]``
Losses = list[list[Sequence[float]]]


@dataclass(frozen=True)
class StepProgress:
    """A step of the schedule that every job has completed.

    Attributes
    ----------
    step
        Counted from 1, with the steps of earlier runs.
    losses
        The mean loss of the last training step of each job, by its name; under torchrun only of jobs whose
        last stage runs in this process.
    seconds
        Of the slowest process.
    """

    step: int
    losses: Mapping[str, float]
    seconds: float


@dataclass
class _Step:
    losses: dict[int, Sequence[Sequence[float]]] = field(default_factory=dict)
    seconds: float = 0.0


class StepCollector:
    """Collects what processes report about steps.

    Parameters
    ----------
    on_step
        Called for each step when the losses of all jobs are known; under torchrun with those of this process.
    """

    def __init__(self, schedule: Schedule, on_step: Callable[[StepProgress], None] | None = None) -> None:
        self._names = [job.name for job in schedule.instance.jobs]
        self._trained = set(range(len(self._names)))
        self._on_step = on_step
        self._steps: dict[int, _Step] = {}

    def add(self, report: StepReport, announce: bool = True) -> None:
        """Take in one report; ``announce`` the step if it completes it."""
        step = self._steps.setdefault(report.step, _Step())
        was_complete = step.losses.keys() >= self._trained
        step.losses |= {int(job): losses for job, losses in report.losses.items()}
        step.seconds = max(step.seconds, report.seconds)
        is_complete = step.losses.keys() >= self._trained
        if announce and self._on_step is not None and is_complete and not was_complete:
            self._on_step(self._progress(report.step, step))

    def announce(self, report: StepReport) -> None:
        """Pass on what one process knows of a step, without waiting for the others."""
        if self._on_step is not None:
            losses = {self._names[job]: fmean(steps[-1]) for job, steps in report.losses.items()}
            self._on_step(StepProgress(report.step, losses, report.seconds))

    def stop(self, job: int) -> None:
        """Wait no more for the losses of a job."""
        self._trained.remove(job)

    def losses(self) -> dict[str, list[Sequence[float]]]:
        """Return for each job the losses of the microbatches of each training step, in order."""
        return {
            name: [losses for _, step in sorted(self._steps.items()) for losses in step.losses.get(job, ())]
            for job, name in enumerate(self._names)
        }

    def seconds(self) -> list[float]:
        """Return the time of each step of the schedule, of the slowest process."""
        return [step.seconds for _, step in sorted(self._steps.items())]

    def _progress(self, number: int, step: _Step) -> StepProgress:
        losses = {self._names[job]: fmean(step.losses[job][-1]) for job in sorted(self._trained)}
        return StepProgress(number, losses, step.seconds)
