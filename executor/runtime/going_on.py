"""Going on without a secondary job that failed, from the last checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gapweave.executor.checkpoint import folder as folders
from gapweave.executor.run_result import StoppedJob
from gapweave.executor.runtime.backend import is_under_torchrun
from gapweave.executor.runtime.fault import RecordedFailure
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.models.errors import InvalidOption, OutputError

_PRIMARY = 0


def require_consistent(options: RunOptions) -> None:
    """Refuse options about checkpoints and failures that do not go together.

    Raises
    ------
    InvalidOption
        The folder holds another run, or there is nothing from which to go on after a failure.
    OutputError
        The checkpoints' place is no folder.
    """
    if options.checkpoint is not None and not options.resume:
        folder = Path(options.checkpoint)
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder}: cannot be written: it is no folder")
        found = folders.newest(folder)
        if found is not None:
            held = f"{options.checkpoint} holds step {found[1].step} of an earlier run"
            raise InvalidOption(f"--checkpoint: {held}: add --resume, or name another folder")
    if options.on_failure == "stop":
        return
    if options.checkpoint is None:
        raise InvalidOption("--on-failure continue needs --checkpoint: the folder to go on from")
    if options.backend == "one-gpu" or is_under_torchrun():
        where = "with --backend one-gpu" if options.backend == "one-gpu" else "under torchrun"
        raise InvalidOption(f"--on-failure continue: {where} a failure ends the run")


@dataclass
class Attempts:
    """The attempts of a run: after a secondary job's failure one without it follows.

    The jobs' numbers do not depend on each other, so those that go on end as if nothing had happened.

    Attributes
    ----------
    plan, options
        Of the attempt under way.
    stopped_jobs
        Jobs that the run goes on without.
    """

    plan: Plan
    options: RunOptions
    stopped_jobs: list[StoppedJob] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.resumed = self._last_step() if self.options.resume else 0

    def run(self, attempt: Callable[[Plan, RunOptions], Outcome], on_stop: Callable[[int], None]) -> Outcome:
        """Carry out attempts until one succeeds; a failure of the primary job is raised.

        Parameters
        ----------
        on_stop
            Called with each job that the next attempt does without.
        """
        for job in self._stopped_before():
            self._stop(job, "stopped in an earlier run")
            on_stop(job)
        while True:
            try:
                outcome = attempt(self.plan, self.options)
            except RecordedFailure as failed:
                failing = failed.job
                if failing is None or failing == _PRIMARY or self.options.on_failure == "stop":
                    raise
                self._stop(failing, str(failed))
                on_stop(failing)
                self.options = replace(self.options, resume=True)
            else:
                return replace(outcome, resumed=self.resumed)

    def _stop(self, job: int, failure: str) -> None:
        name = self.plan.schedule.instance.jobs[job].name
        header = folders.newest_of(self._folder, name)
        self.stopped_jobs.append(StoppedJob(name, 0 if header is None else header.step, failure))
        self.plan = self.plan.without(job)

    def _stopped_before(self) -> list[int]:
        """Return the jobs that the newest checkpoint lacks, if the run goes on from it without them."""
        found = folders.newest(self._folder) if self.options.on_failure == "continue" else None
        if found is None:
            return []
        jobs = self.plan.schedule.instance.jobs
        known = {number for number, job in enumerate(jobs) if job.name in found[1].jobs}
        return sorted(set(range(len(jobs))) - known) if _PRIMARY in known else []

    def _last_step(self) -> int:
        found = None if self.options.checkpoint is None else folders.newest(self._folder)
        return 0 if found is None else found[1].step // self.options.periods

    @property
    def _folder(self) -> Path:
        assert self.options.checkpoint is not None
        return Path(self.options.checkpoint)
