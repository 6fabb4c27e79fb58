"""A run as a Chrome trace (for Perfetto, ui.perfetto.dev): what was planned, and what was measured."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gapweave.executor.chrome_trace import PlannedTrace, trace_header
from gapweave.executor.lowering.lower import schedule_digest
from gapweave.executor.measured.clocks import aligned
from gapweave.executor.measured.messages import Message, messages
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.tick_length import tick_length
from gapweave.executor.program import Operation
from gapweave.executor.trace_events import (
    TraceEvent,
    flow,
    memory_level,
    process_names,
    task_arguments,
    task_title,
)
from gapweave.models.memory import level_profiles
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

MEASURED_FORMAT = "gapweave.measured/1"

_COMPUTE, _SEND, _RECEIVE = range(3)
_THREADS = {_COMPUTE: "compute", _SEND: "send", _RECEIVE: "receive"}
THREAD_OF: dict[Operation, int] = {"run": _COMPUTE, "send": _SEND, "post": _RECEIVE, "take": _RECEIVE}


def measured_trace(schedule: Schedule, events: Iterable[Event]) -> dict[str, Any]:
    """Return the trace of a run as JSON values.

    The plan is shown as `gapweave.executor.chrome_trace.chrome_trace` does, with device d as process d. What
    was measured follows as process ``ranks + d``: tasks on thread 0, sends on 1, receives on 2, each with
    its repetition; messages as flows; and the memory that the instance's amounts amount to. Times begin with
    the first task, on one clock for all ranks.

    Parameters
    ----------
    schedule
        What was carried out. If its time unit is ``tick``, the plan is scaled to the measured busy time.
    events
        What the ranks recorded, in any order; of a run that failed, what there is.
    """
    recorded = sorted(aligned(events), key=lambda event: (event.rank, event.begin, event.end))
    length = tick_length(schedule, recorded)
    planned = list(PlannedTrace(schedule, length.nanoseconds).events())
    flows = sum(event["ph"] == "s" for event in planned)
    measured = MeasuredTrace(schedule, recorded, flows).events()
    return {
        "displayTimeUnit": "ms",
        "otherData": {"format": MEASURED_FORMAT, "schedule": schedule_digest(schedule)}
        | trace_header(schedule)
        | {"tick_nanoseconds": length.nanoseconds, "tick_is_estimated": length.is_estimated},
        "traceEvents": [*planned, *measured],
    }


class MeasuredTrace:
    """The events of a run, recorded on one clock and sorted by rank and begin.

    Parameters
    ----------
    first_flow
        Number of the first flow.
    """

    def __init__(self, schedule: Schedule, recorded: Sequence[Event], first_flow: int = 0) -> None:
        self._schedule = schedule
        self._recorded = recorded
        self._first_flow = first_flow
        self._ranks = len(schedule.instance.devices)
        self._names = [job.name for job in schedule.instance.jobs]
        self._planned = {row.task: row.start for row in schedule.tasks}
        runs = [event.begin for event in recorded if event.action.op == "run"]
        self._origin = min(runs or [event.begin for event in recorded], default=0)

    def events(self) -> Iterator[TraceEvent]:
        """Yield names, actions, messages and memory of every rank."""
        for rank, device in enumerate(self._schedule.instance.devices):
            yield from process_names(self._ranks + rank, device.name, "measured", _THREADS)
        yield from self._slices()
        yield from self._flows()
        yield from self._memory()

    def _slices(self) -> Iterator[TraceEvent]:
        """Yield every action; slices of one thread that overlap are shown one after the other."""
        free: Counter[tuple[int, int]] = Counter()
        for event in self._recorded:
            process, thread = self._ranks + event.rank, THREAD_OF[event.action.op]
            begin, end = event.begin - self._origin, event.end - self._origin
            if (process, thread) in free:
                begin = max(begin, free[process, thread])
            free[process, thread] = end = max(begin, end)
            yield self._slice(event, process, thread) | {"ts": begin / 1000, "dur": (end - begin) / 1000}

    def _slice(self, event: Event, process: int, thread: int) -> TraceEvent:
        action = event.action
        job = self._names[action.job]
        title = task_title(action.task, job)
        arguments = task_arguments(action.task, job, self._planned.get(action.task))
        arguments |= {"repetition": event.repetition, "op": action.op}
        if action.peer is not None:
            arguments["peer"] = action.peer
        return {
            "ph": "X",
            "name": title if action.op == "run" else f"{action.op} {title}",
            "cat": job,
            "pid": process,
            "tid": thread,
            "args": arguments,
        }

    def _flows(self) -> Iterator[TraceEvent]:
        for number, message in enumerate(messages(self._recorded), start=self._first_flow):
            leaves, arrives = (self._microseconds(time) for time in _inside(message))
            begin = (self._ranks + message.send.rank, _SEND, leaves)
            end = (self._ranks + message.take.rank, _RECEIVE, arrives)
            yield from flow(number, f"{message.send.action.kind} transfer", begin, end)

    def _memory(self) -> Iterator[TraceEvent]:
        """Yield what the memory amounts of the instance come to at the measured times."""
        instance = self._schedule.instance
        rows = [
            ScheduledTask(*event.action.task, event.rank, event.begin, event.end)
            for event in self._recorded
            if event.action.op == "run"
        ]
        for rank, profile in enumerate(level_profiles(instance, rows)):
            for time, level in profile[1:] if rows else ():
                yield memory_level(self._ranks + rank, instance.memory_unit, self._microseconds(time), level)

    def _microseconds(self, time: float) -> float:
        return (time - self._origin) / 1000


def _inside(message: Message) -> tuple[float, float]:
    """Return a time inside the send and a later one inside the take, although the take may begin first."""
    first, last = message.send.begin, message.take.end
    third = max(0, last - first) / 3
    leaves = min((first + message.send.end) / 2, first + third)
    arrives = max((message.take.begin + last) / 2, last - third)
    return leaves, arrives
