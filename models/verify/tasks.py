"""Rule 1: every task once, for exactly its duration, on its stage's device, from time 0 on."""

from collections.abc import Iterator

from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify.timetable import Timetable, durations
from gapweave.models.verify.violation import Violation


def check_task_set(table: Timetable) -> Iterator[Violation]:
    """Rule 1: the schedule holds every task of the instance exactly once, and nothing else."""
    for row in table.strangers:
        yield Violation.at("1", row, f"is no task of the instance: {_why_unknown(table, row)}")
    for row in table.repeats:
        yield Violation.at("1", row, "runs more than once")
    for (job, step, kind, stage), block in table.blocks.items():
        device = table.instance.jobs[job].stages[stage].device
        for microbatch, present in enumerate(block):
            if present is None:
                task = Task(job, step, kind, stage, None if kind == "O" else microbatch)
                yield Violation("1", "is missing", task, device)


def check_task_rows(table: Timetable) -> Iterator[Violation]:
    """Rule 1: ``end - start == duration``, ``start >= 0``, and the device is the stage's."""
    for (job, _, kind, number), block in table.blocks.items():
        stage = table.instance.jobs[job].stages[number]
        duration, device = durations(stage)[kind], stage.device
        for row in block:
            if row is None:
                continue
            if row.end - row.start != duration:
                yield Violation.at("1", row, f"lasts {row.end - row.start}, its duration is {duration}")
            if row.device != device:
                yield Violation.at("1", row, f"runs on device {row.device}, its stage is on device {device}")
            if row.start < 0:
                yield Violation.at("1", row, f"starts at {row.start}, before time 0")


def _why_unknown(table: Timetable, row: ScheduledTask) -> str:
    jobs = table.instance.jobs
    if not 0 <= row.job < len(jobs):
        return f"it has {len(jobs)} jobs"
    job, steps = jobs[row.job], table.schedule.steps[row.job]
    if not 0 <= row.step < steps:
        return f"the job does {steps} steps"
    if not 0 <= row.stage < len(job.stages):
        return f"the job has {len(job.stages)} stages"
    if row.kind not in durations(job.stages[row.stage]):
        return f"the stage has no {row.kind}"
    if row.kind == "O":
        return "O has no microbatch"
    return f"the job has {job.microbatch_count} microbatches"
