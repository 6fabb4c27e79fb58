"""The unit of scheduling: one task, and one task with its place and time."""

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["F", "B", "W", "O"]
#: Kinds in the order of their codes in `gapweave.models.task_arrays`.
KINDS: tuple[Kind, ...] = ("F", "B", "W", "O")
#: Zero-duration nodes of the task graph that are no tasks; their codes follow those of the kinds.
MILESTONES = ("barrier", "stage-end")


class Task(NamedTuple):
    """Identity of a task; ``microbatch`` is None for ``O``.

    In the task graph ``kind`` may also be a milestone: ``barrier`` (stage -1) or ``stage-end``.
    """

    job: int
    step: int
    kind: str
    stage: int
    microbatch: int | None

    def __str__(self) -> str:
        microbatch = "" if self.microbatch is None else f", microbatch {self.microbatch}"
        step = f", step {self.step}" if self.step else ""
        return f"{self.kind} of job {self.job}, stage {self.stage}{microbatch}{step}"


class ScheduledTask(NamedTuple):
    """One row of a schedule: a task on its device during [start, end), in ticks."""

    job: int
    step: int
    kind: str
    stage: int
    microbatch: int | None
    device: int
    start: int
    end: int

    @property
    def task(self) -> Task:
        """The task that runs."""
        return Task(self.job, self.step, self.kind, self.stage, self.microbatch)
