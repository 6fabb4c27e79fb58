"""Checkpoints as calls around the steps of one process."""

from collections.abc import Sequence
from pathlib import Path

import torch.distributed as dist

from gapweave.executor.checkpoint import folder as folders
from gapweave.executor.checkpoint import storage
from gapweave.executor.checkpoint.folder import HEADER, Header
from gapweave.executor.checkpoint.settings import settings_of
from gapweave.executor.runtime.lost_rank import together
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.stage_protocol import Stages
from gapweave.executor.training.job import TrainingJob
from gapweave.models.errors import InvalidFile, OutputError


class Checkpoints:
    """Saves the stages of a process every few steps, and restores them.

    Parameters
    ----------
    made
        The training jobs of the plan.
    folder
        Where the checkpoints of the run lie.
    every
        Steps from one to the next; the last step of a run is always saved.
    periods
        How many steps of a checkpoint are one step of the plan.
    """

    def __init__(
        self, plan: Plan, made: Sequence[TrainingJob], folder: str, every: int, periods: int = 1
    ) -> None:
        jobs = plan.schedule.instance.jobs
        self._folder = Path(folder)
        self._every = every
        self._names = {number: job.name for number, job in enumerate(jobs)}
        self._planned = {job.name: len(job.stages) for job in jobs}
        self._jobs = {job.name: len(job.stages) for number, job in enumerate(jobs) if number in plan.trained}
        self._schedule = plan.programs[0].schedule
        self._settings = {
            job.name: settings_of(own, job.microbatch_count)
            for number, (job, own) in enumerate(zip(jobs, made, strict=True))
            if number in plan.trained
        }
        self._periods = periods
        self._steps = {
            job.name: steps // periods for job, steps in zip(jobs, plan.schedule.steps, strict=True)
        }

    def on_step_end(self, rank: int, step: int, stages: Stages, last: bool) -> None:
        """Save the stages if it is time to; all processes together."""
        if last or step % self._every == 0:
            self._save(rank, step * self._periods, stages)

    def restore_or_save(self, stages: Stages) -> int:
        """Load the newest checkpoint, or save the stages as they are before the first step."""
        if folders.newest(self._folder) is not None:
            return self.restore(stages)
        self._save(dist.get_rank() if dist.is_initialized() else 0, 0, stages)
        return 0

    def _save(self, rank: int, step: int, stages: Stages) -> None:
        try:
            self._agree(self._begun(rank, step))
            storage.save(folders.step_folder(self._folder, step), stages, self._names)
            if rank == 0:
                folders.complete(self._folder, self._header(step))
        except OutputError:
            if rank == 0:
                folders.abandon(self._folder, step)
            raise

    def restore(self, stages: Stages) -> int:
        """Load the newest checkpoint, if there is one; return how many steps it has."""
        found = folders.newest(self._folder)
        if found is None:
            return 0
        place, header = found
        if not (self._jobs.items() <= header.jobs.items() <= self._planned.items()):
            problem = f"is of jobs {header.jobs}, the schedule has {self._planned} (stages by job)"
            raise InvalidFile("jobs", problem, str(place))
        self._require_same_steps(header, place)
        self._require_same_settings(header, place)
        storage.load(place, stages, self._names)
        return header.step // self._periods

    def _header(self, step: int) -> Header:
        steps = {name: self._steps[name] for name in self._jobs}
        return Header(step, self._schedule, self._jobs, steps, self._settings)

    def _require_same_steps(self, header: Header, place: Path) -> None:
        """Refuse a checkpoint whose steps are another number of training steps: data would be repeated."""
        if header.steps is None:
            if header.schedule != self._schedule:
                problem = (
                    "missing, as in those of an earlier gapweave: only the schedule that ran before goes on"
                )
                raise InvalidFile("steps", problem, str(place / HEADER))
            return
        for name in self._jobs:
            if header.steps.get(name) != self._steps[name]:
                problem = f"{header.steps.get(name)} for each of the schedule, now {self._steps[name]}"
                raise InvalidFile(f"steps.{name}", problem, str(place / HEADER))

    def _require_same_settings(self, header: Header, place: Path) -> None:
        """Refuse to go on otherwise than an uninterrupted run would; on the rank that wrote the settings."""
        if dist.is_initialized() and dist.get_rank() != 0:
            return
        for job, own in self._settings.items():
            before = {} if header.settings is None else header.settings.get(job, {})
            for name in [name for name in own if name in before]:
                if own[name] != before[name]:
                    problem = f"the run to go on from had {before[name]}, this one has {own[name]}"
                    raise InvalidFile(f"settings.{job}.{name}", problem, str(place / HEADER))

    def _begun(self, rank: int, step: int) -> str | None:
        """Make the folder, on one rank; returns what went wrong."""
        if rank == 0:
            try:
                folders.begin(self._folder, step)
            except OutputError as exc:
                return str(exc)
        return None

    def _agree(self, problem: str | None) -> None:
        """Wait for the rank that makes the folder, and fail together if it could not."""
        problems = [problem]
        if dist.is_initialized():
            with together("a checkpoint was begun"):
                dist.broadcast_object_list(problems, src=0)
        if problems[0] is not None:
            raise OutputError(problems[0])
