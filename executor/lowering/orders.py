"""First pass: the tasks of each device in order, with an optimizer step for every stage."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task


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
    stage, with ``optimizer_barrier`` once the norm is known. What takes no time comes first at its instant.

    No circle can arise: whatever a task, a norm or an optimizer step needs stands earlier in the order of
    (time, rank), on every device.
    """
    rows: list[list[ScheduledTask]] = [[] for _ in schedule.instance.devices]
    for row in schedule.tasks:
        rows[row.device].append(row)
    items = [[Item(row.start, 2, row.task) for row in own] for own in rows]
    for device, item in _optimizer_items(schedule, rows):
        items[device].append(item)
    return [
        sorted(own, key=lambda item: (item.time, item.rank, item.task.job, item.task.stage)) for own in items
    ]


def _optimizer_items(
    schedule: Schedule, rows: Sequence[Sequence[ScheduledTask]]
) -> Iterator[tuple[int, Item]]:
    ends, forwards = _last_ends(schedule), _first_forwards(schedule)
    for number, job in enumerate(schedule.instance.jobs):
        first = job.stages[0].device
        for step in range(schedule.steps[number]):
            own = [ends[number, step, stage] for stage in range(len(job.stages))]
            if job.optimizer_barrier:
                yield first, Item(max(own), 0, Task(number, step, "N", 0, None))
                own = [_free_from(rows[first], max(own))] * len(own)
            for index, (stage, end) in enumerate(zip(job.stages, own, strict=True)):
                if not stage.optimizer:
                    time = min(end, forwards.get((number, step + 1, index), end))
                    yield stage.device, Item(time, 1, Task(number, step, "O", index, None))


def _free_from(rows: Sequence[ScheduledTask], time: int) -> int:
    """Return when a device is first between two tasks from ``time`` on: only then can it send."""
    before = bisect_left(rows, time, key=attrgetter("start"))
    return max(time, rows[before - 1].end) if before else time


def _last_ends(schedule: Schedule) -> dict[tuple[int, int, int], int]:
    """Return when the last B or W of each (job, step, stage) ends."""
    ends: dict[tuple[int, int, int], int] = {}
    for row in schedule.tasks:
        if row.kind in "BW":
            key = (row.job, row.step, row.stage)
            ends[key] = max(ends.get(key, 0), row.end)
    return ends


def _first_forwards(schedule: Schedule) -> dict[tuple[int, int, int], int]:
    """Return when the first F of each (job, step, stage) starts."""
    starts: dict[tuple[int, int, int], int] = {}
    for row in schedule.tasks:
        if row.kind == "F":
            starts.setdefault((row.job, row.step, row.stage), row.start)
    return starts
