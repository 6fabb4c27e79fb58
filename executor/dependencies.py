"""Whether what a rank runs and sends was computed or taken there before."""

from collections.abc import Iterator, Sequence

from gapweave.executor.program import Action
from gapweave.models.instance import Job
from gapweave.models.task import Task


class Dependencies:
    """What one rank has so far; a rank knows of others only what it took from them."""

    def __init__(self, rank: int, jobs: Sequence[Job]) -> None:
        self._rank = rank
        self._jobs = jobs
        self._here: set[Task] = set()
        self._gradients: dict[tuple[int, int, int], int] = {}

    def missing(self, action: Action) -> Task | None:
        """Return something that the action needs and that is not here; None if all is."""
        if action.op not in ("run", "send"):
            return None
        task = action.task
        if action.op == "send" and action.kind in "FB":
            return None if task in self._here else task
        return next(self._lacking(task), None)

    def add(self, action: Action) -> None:
        """Note what an action leaves here."""
        if action.op not in ("run", "take"):
            return
        self._here.add(action.task)
        if action.op == "run" and action.kind == self._closing_kind(action.job, action.stage):
            key = action.job, action.step, action.stage
            self._gradients[key] = self._gradients.get(key, 0) + 1

    def _lacking(self, task: Task) -> Iterator[Task]:
        if task.kind == "N":
            yield from self._lacking_gradient(task)
        elif task.kind == "S":
            yield from self._lacking_norms(task)
        elif task.kind == "O":
            yield from self._lacking_for_optimizer(task)
        else:
            yield from (before for before in self._inputs(task) if before not in self._here)

    def _inputs(self, task: Task) -> Iterator[Task]:
        if task.kind == "F" and task.stage:
            yield task._replace(stage=task.stage - 1)
        if task.kind == "F" and task.step:
            yield Task(task.job, task.step - 1, "O", task.stage, None)
        if task.kind == "B":
            yield task._replace(kind="F")
            if task.stage < len(self._jobs[task.job].stages) - 1:
                yield task._replace(stage=task.stage + 1)
        if task.kind == "W":
            yield task._replace(kind="B")

    def _lacking_for_optimizer(self, task: Task) -> Iterator[Task]:
        job = self._jobs[task.job]
        yield from self._lacking_gradient(task)
        if job.optimizer_barrier and job.stages[0].device == self._rank:
            yield from self._lacking_norms(task)
        elif job.optimizer_barrier and task._replace(kind="S") not in self._here:
            yield task._replace(kind="S")

    def _lacking_norms(self, task: Task) -> Iterator[Task]:
        """Yield what the norm of a job's gradient lacks on the device of stage 0."""
        for index, stage in enumerate(self._jobs[task.job].stages):
            norm = task._replace(kind="N", stage=index)
            if stage.device == self._rank:
                yield from self._lacking_gradient(norm)
            elif norm not in self._here:
                yield norm

    def _lacking_gradient(self, task: Task) -> Iterator[Task]:
        """Yield the kind of task that completes a stage's gradient, if one has not run yet."""
        count = self._jobs[task.job].microbatch_count
        if self._gradients.get((task.job, task.step, task.stage), 0) < count:
            kind = self._closing_kind(task.job, task.stage)
            closing = (task._replace(kind=kind, microbatch=number) for number in range(count))
            yield from (one for one in closing if one not in self._here)

    def _closing_kind(self, job: int, stage: int) -> str:
        return "W" if self._jobs[job].stages[stage].is_split else "B"
