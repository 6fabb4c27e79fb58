"""First pass: the tasks of each device in order, with an optimizer step for every stage."""

from collections.abc import Iterator
from typing import NamedTuple

from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


class Item(NamedTuple):
    """One thing that a device does, at its planned time in ticks.

    Attributes
    ----------
    kind
        That of the task, or ``N`` where the device of stage 0 puts the norm of a job's gradient together.
    """

    time: int
    rank: int
    task: Task


def device_orders(schedule: Schedule) -> list[list[Item]]:
    """Return what each device does in one repetition of the schedule.

    Where a job has no O task of its own, the optimizer runs as soon as it may: after the last B or W of the
    stage, with ``optimizer_barrier`` after that of all stages. What takes no time comes first at its instant.
    """
    items: list[list[Item]] = [[] for _ in schedule.instance.devices]
    for row in schedule.tasks:
        items[row.device].append(Item(row.start, 2, row.task))
    for device, item in _optimizer_items(schedule):
        items[device].append(item)
    return [
        sorted(own, key=lambda item: (item.time, item.rank, item.task.job, item.task.stage)) for own in items
    ]


def _optimizer_items(schedule: Schedule) -> Iterator[tuple[int, Item]]:
    ends = _last_ends(schedule)
    for number, job in enumerate(schedule.instance.jobs):
        for step in range(schedule.steps[number]):
            own = [ends[number, step, stage] for stage in range(len(job.stages))]
            if job.optimizer_barrier:
                own = [max(own)] * len(own)
                norm = Task(number, step, "N", 0, None)
                yield job.stages[0].device, Item(own[0], 0, norm)
            for index, (stage, end) in enumerate(zip(job.stages, own, strict=True)):
                if not stage.optimizer:
                    yield stage.device, Item(end, 1, Task(number, step, "O", index, None))


def _last_ends(schedule: Schedule) -> dict[tuple[int, int, int], int]:
    """Return when the last B or W of each (job, step, stage) ends."""
    ends: dict[tuple[int, int, int], int] = {}
    for row in schedule.tasks:
        if row.kind in "BW":
            key = (row.job, row.step, row.stage)
            ends[key] = max(ends.get(key, 0), row.end)
    return ends
