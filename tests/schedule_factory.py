"""Valid schedules by simple means, so that tests of what reads schedules depend on no solver.

A schedule is made from a global order of all tasks that respects every precedence: each task in turn starts
as early as its predecessors and the last task of its device allow. Memory limits are not looked at.
"""

from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any, Literal

from gapweave.models.instance import Instance, Job
from gapweave.models.schedule import Primary, Schedule, SolverRecord, sort_tasks
from gapweave.models.task import ScheduledTask, Task

Policy = Literal["1f1b", "gpipe", "one-by-one"]
Key = tuple[int, ...]


def make_instance(*jobs: dict[str, Any], devices: int, capacity: int | None = None) -> Instance:
    """An instance from the jobs' JSON fields; every device has the same memory capacity."""
    return Instance.from_document(
        {
            "format": "gapweave.instance/1",
            "name": "made",
            "devices": [{"name": f"gpu{index}", "memory_capacity": capacity} for index in range(devices)],
            "jobs": [{"name": f"job{index}"} | job for index, job in enumerate(jobs)],
        }
    )


def uniform_job(
    stages: int, microbatches: int, forward: int = 1, backward: int = 2, **more: Any
) -> dict[str, Any]:
    """One unsplit stage per device; a microbatch in flight holds 1 unit on its stage."""
    memory = {"forward": 1, "backward": -1}
    return {
        "microbatches": microbatches,
        "stages": [
            {"device": s, "forward": forward, "backward": backward, "memory": memory} for s in range(stages)
        ],
    } | more


def build_schedule(
    instance: Instance,
    policy: Policy = "1f1b",
    steps: tuple[int, ...] | None = None,
    delay: Callable[[], int] = lambda: 0,
    offsets: tuple[int, ...] | None = None,
) -> Schedule:
    """A schedule that keeps every rule but, perhaps, the memory limit.

    ``delay()`` ticks pass before each task beyond its earliest start. Job after job by default; ``offsets``
    (one per job, in microbatches or so) interleave the jobs instead.
    """
    steps = steps or (1,) * len(instance.jobs)
    ordered = []
    for number, job in enumerate(instance.jobs):
        for step in range(steps[number]):
            for key, task in _with_keys(number, job, step, policy):
                when = (number, step, *key) if offsets is None else (step, key[0] + offsets[number], *key[1:])
                ordered.append((when, number, task))
    ordered.sort(key=lambda entry: entry[:2])
    return claimed(instance, steps, _timed(instance, [task for _, _, task in ordered], delay))


def ordered_schedule(instance: Instance, order: list[Task]) -> Schedule:
    """A schedule of one step per job: tasks start as early as a global order of all of them allows."""
    return claimed(instance, (1,) * len(instance.jobs), _timed(instance, order, lambda: 0))


def claimed(
    instance: Instance, steps: tuple[int, ...], rows: Iterable[ScheduledTask], **header: Any
) -> Schedule:
    """A schedule with these rows whose header claims what is true of them."""
    rows = sort_tasks(rows)
    latest = max((row.end for row in rows), default=0)
    period = header.get("period")
    fields: dict[str, Any] = {
        "steps": steps,
        "makespan": latest - min((row.start for row in rows), default=0) if period else latest,
        "objective": "period" if period else "makespan",
        "job_makespans": {
            job.name: max((row.end for row in rows if row.job == index), default=0)
            for index, job in enumerate(instance.jobs)
        },
        "solver": SolverRecord(name="factory"),
        "tasks": rows,
    }
    return Schedule(instance=instance, **(fields | header))


def edited(schedule: Schedule, rows: Iterable[ScheduledTask], **header: Any) -> Schedule:
    """The schedule with other rows, mode and promises kept, makespans true again."""
    kept = {"mode": schedule.mode, "primary": schedule.primary, "period": schedule.period}
    return claimed(schedule.instance, schedule.steps, rows, **(kept | header))


def with_row(schedule: Schedule, task: Task, **columns: Any) -> Schedule:
    """The schedule with some columns of one row changed, makespans true again."""
    return edited(schedule, [row._replace(**columns) if row.task == task else row for row in schedule.tasks])


def row_of(schedule: Schedule, task: Task) -> ScheduledTask:
    """The first row of a task."""
    return next(row for row in schedule.tasks if row.task == task)


def with_capacity(schedule: Schedule, *capacities: int | None) -> Schedule:
    """The schedule on devices with other memory capacities, one each."""
    devices = tuple(
        device.model_copy(update={"memory_capacity": capacity})
        for device, capacity in zip(schedule.instance.devices, capacities, strict=True)
    )
    return schedule.model_copy(update={"instance": schedule.instance.model_copy(update={"devices": devices})})


def as_fill(schedule: Schedule) -> Schedule:
    """The same schedule in mode ``fill``, its primary pinned where it is."""
    tasks = tuple((row.kind, row.stage, row.microbatch, row.start) for row in schedule.tasks if row.job == 0)
    makespan = max(row.end for row in schedule.tasks if row.job == 0)
    primary = Primary(source="factory", makespan=makespan, limit=makespan, tasks=tasks)
    return schedule.model_copy(update={"mode": "fill", "primary": primary})


def zero_idle_period(stages: int, microbatches: int, period: int | None = None) -> Schedule:
    """Two equal jobs (F=1, B=2) that keep every device busy in steady state, strictly synchronous.

    Device p holds exactly its capacity, P - p microbatches.
    """
    job = uniform_job(stages, microbatches)
    rows = []
    for number in range(2):
        for s in range(stages):
            for j in range(microbatches):
                forward = s + 3 * j + 3 * microbatches * number
                backward = 3 * stages - 2 - 2 * s + 3 * j + 3 * microbatches * number
                rows.append(ScheduledTask(number, 0, "F", s, j, s, forward, forward + 1))
                rows.append(ScheduledTask(number, 0, "B", s, j, s, backward, backward + 2))
    instance = make_instance(job, job, devices=stages)
    schedule = claimed(instance, (1, 1), rows, period=period or 6 * microbatches)
    return with_capacity(schedule, *range(stages, 0, -1))


def random_instance(rng: Random, jobs: int | None = None) -> Instance:
    """A tiny instance with everything that an instance can have, without memory limits."""
    devices = rng.randint(1, 3)
    return make_instance(
        *(_random_job(rng, devices) for _ in range(jobs or rng.randint(1, 2))), devices=devices
    )


def random_schedule(rng: Random, instance: Instance) -> Schedule:
    """A schedule of one or two steps per job, sometimes with pauses and with interleaved jobs."""
    most = rng.choice([0, 0, 1, 3])
    return build_schedule(
        instance,
        policy=rng.choice(["1f1b", "gpipe", "one-by-one"]),
        steps=tuple(rng.randint(1, 2) for _ in instance.jobs),
        delay=lambda: rng.randint(0, most),
        offsets=rng.choice([None, tuple(rng.randint(0, 4) for _ in instance.jobs)]),
    )


def _random_job(rng: Random, devices: int) -> dict[str, Any]:
    stages = [_random_stage(rng, devices) for _ in range(rng.randint(1, 3))]
    edges = len(stages) - 1
    return {
        "microbatches": rng.randint(1, 3),
        "stages": stages,
        "forward_transfer": rng.choice([0, [rng.randint(0, 2) for _ in range(edges)]]),
        "backward_transfer": rng.choice([0, rng.randint(0, 2)]),
        "release": rng.choice([0, 0, 3]),
        "optimizer_barrier": rng.random() < 0.3,
    }


def _random_stage(rng: Random, devices: int) -> dict[str, Any]:
    stage: dict[str, Any] = {
        "device": rng.randrange(devices),
        "forward": rng.randint(1, 3),
        "backward": rng.randint(1, 3),
        "optimizer": rng.choice([0, 0, 1, 2]),
    }
    claim = rng.randint(0, 3)
    memory = {"resident": rng.randint(0, 2), "forward": claim, "backward": -claim}
    if rng.random() < 0.5:
        change = rng.randint(-claim, 2)
        memory |= {"backward": change, "weight": -claim - change}
        stage["weight"] = rng.randint(1, 2)
    return stage | {"memory": memory}


def _with_keys(number: int, job: Job, step: int, policy: Policy) -> Iterator[tuple[Key, Task]]:
    """All tasks of one step with keys whose order respects the precedences.

    1f1b: the start times for F = B = 1 without transfers, in which B and F alternate on every stage as soon
    as the first microbatch is back.
    """
    stages, count = len(job.stages), job.microbatch_count
    for s, stage in enumerate(job.stages):
        for m in range(count):
            forward, backward = {
                "1f1b": ((s + 2 * m,), (2 * stages - 1 - s + 2 * m,)),
                "gpipe": ((s + m,), (count + 2 * stages - s + m,)),
                "one-by-one": ((m, s), (m, 2 * stages - s)),
            }[policy]
            yield (*forward, 0, s, m, 0), Task(number, step, "F", s, m)
            yield (*backward, 1, -s, m, 0), Task(number, step, "B", s, m)
            if stage.is_split:
                yield (*backward, 1, -s, m, 1), Task(number, step, "W", s, m)
        if stage.optimizer:
            yield (4 * (stages + count), 0, s), Task(number, step, "O", s, None)


def _timed(instance: Instance, tasks: list[Task], delay: Callable[[], int]) -> Iterator[ScheduledTask]:
    """Give each task in turn its earliest start, plus a delay."""
    free = [0] * len(instance.devices)
    ends: dict[Task, int] = {}
    stage_ends: dict[tuple[int, int, int], int] = {}
    barriers: dict[tuple[int, int], int] = {}
    for task in tasks:
        number, step, kind, s, _ = task
        job = instance.jobs[number]
        stage = job.stages[s]
        start = max(
            job.release, free[stage.device], *(ends[before] + lag for before, lag in _needs(job, task))
        )
        if kind == "F":
            start = max(start, stage_ends.get((number, step - 1, s), 0))
        if kind == "O":
            start = max(start, stage_ends[number, step, s])
        if job.optimizer_barrier and kind in "FO":
            start = max(start, barriers.get((number, step - (kind == "F")), 0))
        start += delay()
        duration = {"F": stage.forward, "B": stage.backward, "W": stage.weight, "O": stage.optimizer}[kind]
        assert duration is not None
        end = free[stage.device] = ends[task] = start + duration
        stage_ends[number, step, s] = max(end, stage_ends.get((number, step, s), 0))
        if kind in "BW":
            barriers[number, step] = max(end, barriers.get((number, step), 0))
        yield ScheduledTask(*task, stage.device, start, end)


def _needs(job: Job, task: Task) -> list[tuple[Task, int]]:
    """The tasks of the same microbatch that must have ended, with the transfer from each."""
    last = len(job.stages) - 1
    if task.kind == "F" and task.stage:
        return [(task._replace(stage=task.stage - 1), job.forward_lags[task.stage - 1])]
    if task.kind == "B" and task.stage == last:
        return [(task._replace(kind="F"), 0)]
    if task.kind == "B":
        return [(task._replace(stage=task.stage + 1), job.backward_lags[task.stage])]
    return [(task._replace(kind="B"), 0)] if task.kind == "W" else []
