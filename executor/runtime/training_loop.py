"""Step after step: the loop around the programs, with what is reported and saved between steps."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from gapweave.executor.runtime.stage_protocol import Stages

#: For each job and each of its steps in one repetition, the losses of the microbatches.
JobLosses: TypeAlias = Mapping[int, Sequence[Sequence[float]]]


class Runner(Protocol):
    """What carries out programs: one rank, or all ranks of one process."""

    def run(self, repetition: int, first: int = 0) -> None:
        """Carry out every program once."""


class StepReport(NamedTuple):
    """What one process has to say when a step of the schedule is complete.

    Attributes
    ----------
    step
        Steps completed, with those of earlier runs.
    losses
        Of the jobs whose last stage runs in this process.
    """

    rank: int
    step: int
    seconds: float
    losses: JobLosses


class StepHook(Protocol):
    """Something that is done between steps."""

    def on_step_end(self, rank: int, step: int, stages: "Stages", last: bool) -> None:
        """Called when ``step`` steps are complete, on every process; ``last`` if no step follows."""


class Stop(Protocol):
    """A wish to end early."""

    def after(self, repetition: int) -> bool:
        """Whether the run ends with this repetition, the same on all ranks."""


class NeverStop:
    """Nobody can ask to stop."""

    def after(self, repetition: int) -> bool:
        """Never."""
        return False


class TrainingLoop:
    """Carries out a schedule several times.

    Parameters
    ----------
    rank
        Of this process; 0 if it has all ranks.
    steps
        Steps of each job in one repetition.
    report
        Called after each step.
    """

    def __init__(
        self,
        runner: Runner,
        stages: "Stages",
        rank: int,
        steps: Sequence[int],
        report: Callable[[StepReport], None],
        hooks: Iterable[StepHook],
        stop: Stop,
    ) -> None:
        self._runner = runner
        self._stages = stages
        self._rank = rank
        self._steps = steps
        self._report = report
        self._hooks = tuple(hooks)
        self._stop = stop

    def run(self, repetitions: int, first: int = 0) -> int:
        """Carry out the programs until ``repetitions`` are complete, of which ``first`` were before.

        Returns
        -------
        int
            Repetitions that are complete: fewer if it was asked to stop.
        """
        completed = first
        while completed < repetitions:
            begin = time.perf_counter()
            self._runner.run(completed - first, first)
            completed += 1
            seconds = time.perf_counter() - begin
            self._report(StepReport(self._rank, completed, seconds, self._losses(completed - 1)))
            last = completed == repetitions or self._stop.after(completed - 1 - first)
            for hook in self._hooks:
                hook.on_step_end(self._rank, completed, self._stages, last)
            if last:
                break
        return completed

    def _losses(self, repetition: int) -> JobLosses:
        losses: dict[int, list[Sequence[float]]] = {}
        for (job, _), stage in sorted(self._stages.items()):
            for step in range(repetition * self._steps[job], (repetition + 1) * self._steps[job]):
                if own := stage.losses(step):
                    losses.setdefault(job, []).append(own)
        return losses
