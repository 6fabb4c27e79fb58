"""Fifth pass: a receive buffer for every message, as few as the order of the actions allows.

A buffer belongs to its message from the post until the last action that reads it. An activation is read
until the backward pass of its stage is over (with a split backward, until W), as is a gradient.
"""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from gapweave.executor.program import Action
from gapweave.models.instance import Job
from gapweave.models.task import Task

#: Buffers are counted for each (job, kind, stage).
Pool: TypeAlias = tuple[int, str, int]


def with_buffers(jobs: Sequence[Job], actions: Sequence[Action]) -> list[Action]:
    """Return the actions of a rank with the buffer of every post and take."""
    readers = {action.task: index for index, action in enumerate(actions) if action.op == "run"}
    free: dict[Pool, list[int]] = {}
    count: dict[Pool, int] = {}
    due: list[tuple[int, Pool, int]] = []
    held: dict[Task, int] = {}
    planned = []
    for index, action in enumerate(actions):
        while due and due[0][0] < index:
            _, pool, buffer = heappop(due)
            heappush(free.setdefault(pool, []), buffer)
        if action.op == "post":
            pool = (action.job, action.kind, action.stage)
            if free.get(pool):
                buffer = heappop(free[pool])
            else:
                buffer = count.get(pool, 0)
                count[pool] = buffer + 1
            held[action.task] = buffer
            heappush(due, (readers[last_reader(jobs[action.job], action.task)], pool, buffer))
        if action.op in ("post", "take"):
            action = action._replace(buffer=held[action.task])
        planned.append(action)
    return planned


def last_reader(job: Job, message: Task) -> Task:
    """Return the last task that reads a message on the device that receives it."""
    if message.kind == "N":
        return message._replace(kind="O", stage=0)
    if message.kind == "S":
        return message._replace(kind="O")
    stage = message.stage + (1 if message.kind == "F" else -1)
    return message._replace(kind="W" if job.stages[stage].is_split else "B", stage=stage)
