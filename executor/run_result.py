"""The result of a run: losses, digests of parameters, and measured times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from gapweave.executor.measured.recording import Event
from gapweave.executor.program import Program
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.step_collector import StepCollector
from gapweave.models.schedule import Schedule


@dataclass(frozen=True)
class JobParity:
    """Whether a job ended with the parameters that it has when it is trained alone.

    Attributes
    ----------
    differing
        Names of the parameters that differ in any bit.
    """

    job: str
    parameters: int
    differing: tuple[str, ...]

    def __str__(self) -> str:
        if not self.differing:
            return f"{self.job}: all {self.parameters} parameters bitwise equal to training alone"
        names = ", ".join(self.differing[:3]) + (", ..." if len(self.differing) > 3 else "")
        return f"{self.job}: {len(self.differing)} of {self.parameters} parameters differ: {names}"


@dataclass(frozen=True)
class StoppedJob:
    """A secondary job that failed, and that the run went on without.

    Attributes
    ----------
    step
        The last step of the schedule in which the job took part, 0 if none.
    failure
        What went wrong, with rank and action.
    """

    job: str
    step: int
    failure: str


@dataclass(frozen=True)
class RunResult:
    """What a run of a schedule did.

    Attributes
    ----------
    backend
        What it ran on.
    completed, resumed
        Steps completed, and how many of them by the earlier run that this one went on from.
    interrupted
        Whether it was stopped before all steps were complete, or before the comparison was.
    losses
        For each job, by its name, the losses of the microbatches of each training step of this run.
    step_seconds
        The time of each step, of the slowest process.
    seconds
        The time of all, with starting and ending processes.
    digests
        Of every parameter, by ``<job>/<stage>/<parameter>``.
    parity
        The comparison with training alone, if it was asked for and not interrupted.
    stopped_jobs
        Those that failed, and that the run went on without.
    """

    schedule: Schedule
    backend: str
    completed: int
    resumed: int
    interrupted: bool
    losses: Mapping[str, Sequence[Sequence[float]]]
    step_seconds: Sequence[float]
    seconds: float
    digests: Mapping[str, str]
    programs: tuple[Program, ...]
    records: Sequence[Record | None]
    parity: tuple[JobParity, ...] | None = None
    stopped_jobs: tuple[StoppedJob, ...] = ()

    @classmethod
    def of(
        cls, plan: Plan, options: RunOptions, outcome: Outcome, collector: StepCollector, seconds: float
    ) -> "RunResult":
        """Put together what the ranks left."""
        return cls(
            schedule=plan.schedule,
            backend=options.backend,
            completed=outcome.completed,
            resumed=outcome.resumed,
            interrupted=outcome.completed < options.steps,
            losses=collector.losses(),
            step_seconds=collector.seconds(),
            seconds=seconds,
            digests=outcome.digests,
            programs=plan.programs,
            records=outcome.records,
        )

    def events(self) -> Iterator[Event]:
        """Return the recorded actions of all ranks, rank by rank."""
        known = ((record, program) for record, program in zip(self.records, self.programs, strict=True))
        return chain.from_iterable(record.events(program) for record, program in known if record is not None)

    def makespans(self) -> dict[int, int]:
        """Return the time from the first begin to the last end of a task, of each recorded repetition.

        Returns
        -------
        dict
            Nanoseconds, by the repetition's number.
        """
        spans: dict[int, tuple[int, int]] = {}
        for event in self.events():
            if event.action.op == "run":
                begin, end = spans.get(event.repetition, (event.begin, event.end))
                spans[event.repetition] = min(begin, event.begin), max(end, event.end)
        return {repetition: end - begin for repetition, (begin, end) in sorted(spans.items())}
