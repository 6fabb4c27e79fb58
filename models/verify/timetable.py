"""The rows of a schedule, sorted into the tasks that the instance asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from gapweave.models.instance import Instance, Job, Stage
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

#: The rows of one (job, step, kind, stage), one per microbatch; None where the task is missing.
Block = Sequence[ScheduledTask | None]


@dataclass(frozen=True)
class Timetable:
    """The first row of every task; whatever else the schedule holds is kept apart.

    Attributes
    ----------
    blocks
        By (job, step, kind, stage): exactly those that the instance asks for.
    strangers
        Rows that are no task of the instance.
    repeats
        Rows of a task that an earlier row already runs.
    """

    schedule: Schedule
    blocks: dict[tuple[int, int, str, int], list[ScheduledTask | None]]
    strangers: list[ScheduledTask]
    repeats: list[ScheduledTask]

    @classmethod
    def read(cls, schedule: Schedule) -> "Timetable":
        """Sort the rows of a schedule, however wrong they are."""
        table = cls(schedule, _empty_blocks(schedule), [], [])
        for row in schedule.tasks:
            block = table.blocks.get((row.job, row.step, row.kind, row.stage))
            slot = 0 if row.microbatch is None else row.microbatch
            if block is None or (row.microbatch is None) != (row.kind == "O") or not 0 <= slot < len(block):
                table.strangers.append(row)
            elif block[slot] is not None:
                table.repeats.append(row)
            else:
                block[slot] = row
        return table

    @property
    def instance(self) -> Instance:
        """The problem that the schedule answers."""
        return self.schedule.instance

    def job_steps(self) -> Iterator[tuple[int, Job, int]]:
        """Iterate over (index of the job, job, step)."""
        for number, job in enumerate(self.instance.jobs):
            for step in range(self.schedule.steps[number]):
                yield number, job, step

    def block(self, job: int, step: int, kind: str, stage: int) -> Block:
        """Return the rows of all microbatches; empty if the stage has no tasks of this kind."""
        return self.blocks.get((job, step, kind, stage), ())

    @cached_property
    def rows(self) -> list[ScheduledTask]:
        """The first row of every task that is not missing."""
        return [row for block in self.blocks.values() for row in block if row is not None]

    @cached_property
    def rows_by_device(self) -> list[list[ScheduledTask]]:
        """The same by the device where each row says it runs, in no particular order."""
        by_device: list[list[ScheduledTask]] = [[] for _ in self.instance.devices]
        for row in self.rows:
            by_device[row.device].append(row)
        return by_device

    @cached_property
    def job_ends(self) -> list[int]:
        """The latest end of each job's tasks, 0 if there are none."""
        ends = [0] * len(self.instance.jobs)
        for row in self.rows:
            ends[row.job] = max(ends[row.job], row.end)
        return ends


def durations(stage: Stage) -> dict[str, int]:
    """Return the duration of each kind of task that the stage has, in ticks."""
    kinds = {"F": stage.forward, "B": stage.backward, "W": stage.weight, "O": stage.optimizer}
    return {kind: duration for kind, duration in kinds.items() if duration}


def latest(rows: Sequence[ScheduledTask | None]) -> ScheduledTask | None:
    """Return the row that ends last, None if there is none."""
    return max((row for row in rows if row is not None), key=lambda row: row.end, default=None)


def _empty_blocks(schedule: Schedule) -> dict[tuple[int, int, str, int], list[ScheduledTask | None]]:
    return {
        (number, step, kind, s): [None] * (1 if kind == "O" else job.microbatch_count)
        for number, job in enumerate(schedule.instance.jobs)
        for step in range(schedule.steps[number])
        for s, stage in enumerate(job.stages)
        for kind in durations(stage)
    }
