"""A schedule as a Chrome trace, the JSON that Perfetto (ui.perfetto.dev) opens."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from gapweave.models.errors import InvalidSchedule
from gapweave.models.memory import memory_profile
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task

#: One event of the trace, in the words of the Trace Event Format.
Event: TypeAlias = dict[str, Any]

COMPUTE_THREAD = 0

_TICKS_PER_MICROSECOND = {"ns": 1000}
_MICROSECONDS_PER_TICK = {"us": 1, "ms": 1000, "s": 1_000_000, "tick": 1}


def chrome_trace(schedule: Schedule) -> dict[str, Any]:
    """Return the trace of a planned schedule as JSON values.

    A device is a process whose thread 0 computes, a task a complete event in the category of its job, a
    transfer between devices a flow from the task that sends to the one that receives, and memory a counter
    of the device. Times are in microseconds; a ``tick`` without a unit counts as one.

    Parameters
    ----------
    schedule
        Of an objective with a period, the trace shows the tasks of the first period, and the memory of
        steady state.

    Raises
    ------
    InvalidSchedule
        A row names a job that the instance does not have.
    """
    jobs = len(schedule.instance.jobs)
    for index, row in enumerate(schedule.tasks):
        if row.job >= jobs:
            problem = f"expected an index into {jobs} jobs, got {row.job}"
            raise InvalidSchedule(f"tasks[{index}].job", problem)
    return {
        "displayTimeUnit": "ms",
        "otherData": {"instance": schedule.instance.name} | _header(schedule),
        "traceEvents": [
            *_names(schedule),
            *_tasks(schedule),
            *_transfers(schedule),
            *_memory(schedule),
        ],
    }


def _header(schedule: Schedule) -> dict[str, Any]:
    fields = ("objective", "mode", "status", "makespan", "period", "lower_bound")
    return {field: getattr(schedule, field) for field in fields} | {"time_unit": schedule.instance.time_unit}


def _names(schedule: Schedule) -> Iterator[Event]:
    for index, device in enumerate(schedule.instance.devices):
        process = {"ph": "M", "pid": index}
        yield process | {"name": "process_name", "args": {"name": device.name}}
        yield process | {"name": "process_labels", "args": {"labels": "planned"}}
        yield process | {"name": "process_sort_index", "args": {"sort_index": index}}
        yield process | {"name": "thread_name", "tid": COMPUTE_THREAD, "args": {"name": "compute"}}


def _tasks(schedule: Schedule) -> Iterator[Event]:
    unit = schedule.instance.time_unit
    for row in schedule.tasks:
        microbatch = "" if row.microbatch is None else row.microbatch
        job = schedule.instance.jobs[row.job].name
        yield {
            "ph": "X",
            # Perfetto colours by name without digits: one colour for each job and kind.
            "name": f"{row.kind}{microbatch} {job}",
            "cat": job,
            "pid": row.device,
            "tid": COMPUTE_THREAD,
            "ts": _microseconds(row.start, unit),
            "dur": _microseconds(row.end - row.start, unit),
            "args": {
                "job": job,
                "step": row.step,
                "stage": row.stage,
                "microbatch": row.microbatch,
                "kind": row.kind,
                "planned_start": row.start,
            },
        }


def _transfers(schedule: Schedule) -> Iterator[Event]:
    """Yield a flow from F(s) to F(s+1) and from B(s+1) to B(s) wherever the two run on different devices.

    A flow belongs to the slice around its time, hence the middle of each task: at its very start or end a
    viewer may take the neighbour.
    """
    unit = schedule.instance.time_unit
    for number, (sender, receiver) in enumerate(_sends(schedule)):
        flow = {"name": f"{sender.kind} transfer", "cat": "transfer", "id": number, "tid": COMPUTE_THREAD}
        yield flow | {"ph": "s", "pid": sender.device, "ts": _middle(sender, unit)}
        yield flow | {"ph": "f", "bp": "e", "pid": receiver.device, "ts": _middle(receiver, unit)}


def _sends(schedule: Schedule) -> Iterator[tuple[ScheduledTask, ScheduledTask]]:
    rows: dict[Task, ScheduledTask] = {row.task: row for row in schedule.tasks}
    towards = {"F": 1, "B": -1}
    for row in schedule.tasks:
        if row.kind in towards:
            receiver = rows.get(row.task._replace(stage=row.stage + towards[row.kind]))
            if receiver is not None and receiver.device != row.device:
                yield row, receiver


def _memory(schedule: Schedule) -> Iterator[Event]:
    unit, counter = schedule.instance.time_unit, f"memory ({schedule.instance.memory_unit})"
    for device in range(len(schedule.instance.devices)):
        for time, level in memory_profile(schedule, device):
            yield {
                "ph": "C",
                "name": counter,
                "pid": device,
                "ts": _microseconds(time, unit),
                "args": {"level": level},
            }


def _middle(row: ScheduledTask, unit: str) -> float:
    return _microseconds(row.start + row.end, unit) / 2


def _microseconds(ticks: int, unit: str) -> int | float:
    if unit in _TICKS_PER_MICROSECOND:
        return ticks / _TICKS_PER_MICROSECOND[unit]
    return ticks * _MICROSECONDS_PER_TICK[unit]
