"""What the programs of a schedule must contain, told from the instance alone and not from the passes."""

from collections.abc import Iterator

from gapweave.models.schedule import Schedule
from gapweave.models.task import Task


def expected_tasks(schedule: Schedule) -> dict[Task, int]:
    """Return every task of a repetition, with an O for every stage and step, and the device it runs on."""
    return {
        Task(number, step, kind, index, microbatch): stage.device
        for number, job in enumerate(schedule.instance.jobs)
        for step in range(schedule.steps[number])
        for index, stage in enumerate(job.stages)
        for kind in ("FBWO" if stage.is_split else "FBO")
        for microbatch in ([None] if kind == "O" else range(job.microbatch_count))
    }


def expected_messages(schedule: Schedule) -> dict[Task, tuple[int, int]]:
    """Return every message of a repetition with the ranks that send and receive it."""
    return {
        message: (source, destination)
        for message, source, destination in _messages(schedule)
        if source != destination
    }


def _messages(schedule: Schedule) -> Iterator[tuple[Task, int, int]]:
    for number, job in enumerate(schedule.instance.jobs):
        devices = [stage.device for stage in job.stages]
        for step in range(schedule.steps[number]):
            for stage in range(1, len(devices)):
                here, before = devices[stage], devices[stage - 1]
                for microbatch in range(job.microbatch_count):
                    yield Task(number, step, "F", stage - 1, microbatch), before, here
                    yield Task(number, step, "B", stage, microbatch), here, before
                if job.optimizer_barrier:
                    yield Task(number, step, "N", stage, None), here, devices[0]
                    yield Task(number, step, "S", stage, None), devices[0], here
