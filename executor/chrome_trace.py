"""A schedule as a Chrome trace, the JSON that Perfetto (ui.perfetto.dev) opens."""

from collections.abc import Iterator
from typing import Any

from gapweave.executor.steady_trace import period_events, traced_profiles, traced_tasks
from gapweave.executor.trace_events import (
    TraceEvent,
    flow,
    memory_level,
    process_names,
    task_arguments,
    task_title,
)
from gapweave.models.errors import InvalidSchedule
from gapweave.models.memory import memory_profiles
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task

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
        Of an objective with a period, the trace shows two periods of a training that has reached steady
        state: whole tasks, with the steps and times that they have if training begins at 0.

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
        "otherData": trace_header(schedule),
        "traceEvents": list(PlannedTrace(schedule).events()),
    }


def trace_header(schedule: Schedule) -> dict[str, Any]:
    """Return what a trace says about its schedule as a whole."""
    fields = ("objective", "mode", "status", "makespan", "period", "lower_bound")
    header = {field: getattr(schedule, field) for field in fields}
    return {"instance": schedule.instance.name} | header | {"time_unit": schedule.instance.time_unit}


class PlannedTrace:
    """The events of a plan.

    Parameters
    ----------
    tick_nanoseconds
        How long a tick is; None takes it from the time unit, and a ``tick`` without a unit for 1000.
    """

    def __init__(self, schedule: Schedule, tick_nanoseconds: float | None = None) -> None:
        self.schedule = schedule
        is_periodic = schedule.period is not None
        self._rows = traced_tasks(schedule) if is_periodic else schedule.tasks
        self._profiles = traced_profiles(schedule) if is_periodic else memory_profiles(schedule)
        self._tick_nanoseconds = tick_nanoseconds

    def events(self) -> Iterator[TraceEvent]:
        """Yield names, tasks, transfers and memory of every device, and in steady state periods and steps."""
        yield from self._names()
        yield from self._tasks()
        yield from self._transfers()
        yield from self._memory()
        if self.schedule.period is not None:
            yield from self._periods()

    def _names(self) -> Iterator[TraceEvent]:
        for index, device in enumerate(self.schedule.instance.devices):
            yield from process_names(index, device.name, "planned", {COMPUTE_THREAD: "compute"})

    def _tasks(self) -> Iterator[TraceEvent]:
        for row in self._rows:
            job = self.schedule.instance.jobs[row.job].name
            yield {
                "ph": "X",
                "name": task_title(row.task, job),
                "cat": job,
                "pid": row.device,
                "tid": COMPUTE_THREAD,
                "ts": self._microseconds(row.start),
                "dur": self._microseconds(row.end - row.start),
                "args": task_arguments(row.task, job, row.start),
            }

    def _transfers(self) -> Iterator[TraceEvent]:
        """Yield a flow from F(s) to F(s+1) and from B(s+1) to B(s) wherever the two run on different devices.

        Its times are the middle of each task.
        """
        for number, (sender, receiver) in enumerate(self._sends()):
            yield from flow(number, f"{sender.kind} transfer", self._middle(sender), self._middle(receiver))

    def _sends(self) -> Iterator[tuple[ScheduledTask, ScheduledTask]]:
        rows: dict[Task, ScheduledTask] = {row.task: row for row in self._rows}
        towards = {"F": 1, "B": -1}
        for row in self._rows:
            if row.kind in towards:
                receiver = rows.get(row.task._replace(stage=row.stage + towards[row.kind]))
                if receiver is not None and receiver.device != row.device:
                    yield row, receiver

    def _memory(self) -> Iterator[TraceEvent]:
        unit = self.schedule.instance.memory_unit
        for device, profile in enumerate(self._profiles):
            for time, level in profile:
                yield memory_level(device, unit, self._microseconds(time), level)

    def _periods(self) -> Iterator[TraceEvent]:
        yield from process_names(
            len(self.schedule.instance.devices), "steady state", "planned", {0: "periods"}
        )
        for event, begin, end in period_events(self.schedule):
            lasting = {"dur": self._microseconds(end - begin)} if event["ph"] == "X" else {}
            yield event | {"ts": self._microseconds(begin)} | lasting

    def _middle(self, row: ScheduledTask) -> tuple[int, int, float]:
        return row.device, COMPUTE_THREAD, self._microseconds(row.start + row.end) / 2

    def _microseconds(self, ticks: int) -> int | float:
        if self._tick_nanoseconds is not None:
            return ticks * self._tick_nanoseconds / 1000
        unit = self.schedule.instance.time_unit
        if unit in _TICKS_PER_MICROSECOND:
            return ticks / _TICKS_PER_MICROSECOND[unit]
        return ticks * _MICROSECONDS_PER_TICK[unit]
