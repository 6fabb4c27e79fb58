"""Second pass: what each task sends to, and takes from, other devices."""

from collections.abc import Iterator, Sequence

from gapweave.executor.lowering.orders import Item
from gapweave.executor.program import Action, Operation
from gapweave.models.instance import Job
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


def with_messages(schedule: Schedule, orders: Sequence[Sequence[Item]]) -> list[list[Action]]:
    """Return the tasks of each device as actions, with a take before and a send after those that need one."""
    closing = _closing_tasks(orders)
    return [
        [action for item in order for action in _actions(schedule.instance.jobs, item.task, closing)]
        for order in orders
    ]


def _closing_tasks(orders: Sequence[Sequence[Item]]) -> set[Task]:
    """Return the last B or W of every (job, step, stage): after it the gradient of the stage is complete."""
    last: dict[tuple[int, int, int], Task] = {}
    for order in orders:
        for item in order:
            if item.task.kind in "BW":
                last[item.task.job, item.task.step, item.task.stage] = item.task
    return set(last.values())


def _actions(jobs: Sequence[Job], task: Task, closing: set[Task]) -> Iterator[Action]:
    job = jobs[task.job]
    if task.kind == "N":
        yield from _norm(job, task)
        return
    yield from _takes(job, task)
    yield _action("run", task, None)
    yield from _sends(job, task)
    if job.optimizer_barrier and task in closing:
        yield from _message("send", job, Task(task.job, task.step, "N", task.stage, None), task.stage, 0)


def _takes(job: Job, task: Task) -> Iterator[Action]:
    if task.kind == "F" and task.stage > 0:
        yield from _message("take", job, task._replace(stage=task.stage - 1), task.stage, task.stage - 1)
    elif task.kind == "B" and task.stage < len(job.stages) - 1:
        yield from _message("take", job, task._replace(stage=task.stage + 1), task.stage, task.stage + 1)
    elif task.kind == "O" and job.optimizer_barrier:
        yield from _message("take", job, task._replace(kind="S"), task.stage, 0)


def _sends(job: Job, task: Task) -> Iterator[Action]:
    if task.kind == "F" and task.stage < len(job.stages) - 1:
        yield from _message("send", job, task, task.stage, task.stage + 1)
    elif task.kind == "B" and task.stage > 0:
        yield from _message("send", job, task, task.stage, task.stage - 1)


def _norm(job: Job, task: Task) -> Iterator[Action]:
    """Take the squared norms of all stages, then send every stage its clipping factor."""
    for stage in range(1, len(job.stages)):
        yield from _message("take", job, task._replace(stage=stage), 0, stage)
    for stage in range(1, len(job.stages)):
        yield from _message("send", job, task._replace(kind="S", stage=stage), 0, stage)


def _message(op: Operation, job: Job, task: Task, here: int, there: int) -> Iterator[Action]:
    """One end of a message between two stages; nothing if they share a device."""
    own, peer = job.stages[here].device, job.stages[there].device
    if own != peer:
        yield _action(op, task, peer)


def _action(op: Operation, task: Task, peer: int | None) -> Action:
    return Action(op, task.kind, task.job, task.step, task.stage, task.microbatch, peer)
