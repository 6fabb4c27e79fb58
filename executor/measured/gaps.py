"""Where a run lost time against its plan, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, NamedTuple, TypeAlias, get_args

from gapweave.executor.measured.messages import MessageKey, message_key, sends_by_key
from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.steps import MeasuredStep
from gapweave.executor.measured.tick_length import TickLength
from gapweave.executor.program import Action
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task

#: Why a device lost time. Of an idle interval that is longer than planned: ``peer`` an input was produced
#: late; ``transfer`` it travelled longer than planned; ``step before`` the device was still busy with the
#: repetition before; ``overhead`` all inputs were there. Of a task that took longer than planned: ``slower``
#: as much as its median does; ``interference`` beyond that; ``unplanned`` an optimizer step that the plan
#: does not have.
Cause: TypeAlias = Literal[
    "peer", "transfer", "step before", "overhead", "slower", "interference", "unplanned"
]
CAUSES: tuple[Cause, ...] = get_args(Cause)
#: Job, stage and kind of a task.
TaskType: TypeAlias = tuple[int, int, str]


class Loss(NamedTuple):
    """An idle interval, or a task, that took longer than planned; all times in nanoseconds.

    Attributes
    ----------
    task
        What ran late, or long.
    is_idle
        Whether it is the idle interval before the task.
    begin, end
        When it was, since the begin of the step.
    planned
        How long it was planned to be.
    parts
        How long each cause prolonged it; they sum to ``end - begin - planned``.
    """

    task: Task
    is_idle: bool
    begin: int
    end: int
    planned: int
    parts: Mapping[Cause, int]

    @property
    def lost(self) -> int:
        """How much longer it was."""
        return self.end - self.begin - self.planned


@dataclass(frozen=True)
class DeviceLosses:
    """What one device lost in one step, in nanoseconds.

    Attributes
    ----------
    regained
        How much shorter than planned other idle intervals and tasks were.
    lateness
        How much later than planned its last task ended: all that was lost less what was regained.
    """

    device: int
    losses: tuple[Loss, ...]
    regained: int
    lateness: int

    @property
    def by_cause(self) -> dict[Cause, int]:
        """What each cause took."""
        totals: Counter[Cause] = Counter()
        for loss in self.losses:
            totals.update(loss.parts)
        return {cause: totals[cause] for cause in CAUSES}


def losses(
    schedule: Schedule, step: MeasuredStep, length: TickLength, medians: Mapping[TaskType, float]
) -> tuple[DeviceLosses, ...]:
    """Explain one step, device by device.

    Parameters
    ----------
    length
        Of a planned tick.
    medians
        From `median_durations`.

    Notes
    -----
    A device's tasks run in order, so its last one ends as late as its idle intervals and its tasks together
    are longer than planned. Of an idle interval [a, b) that was planned to last p, the part [a + p, b) is
    lost, and each moment of it has one cause: before the device ended its previous repetition ``step
    before``; else before the last of the inputs could be there, by when it was sent and how long it was
    planned to travel, ``peer``; else within a take ``transfer``; else ``overhead``.
    """
    sends = sends_by_key(event for rank in step.events for event in rank)
    produced = {
        event.action.task: event.end for rank in step.events for event in rank if event.action.op == "run"
    }
    return tuple(
        _DeviceStep(schedule, step, device, length, medians).losses(sends, produced)
        for device in range(len(schedule.instance.devices))
    )


def median_durations(events: Iterable[Event]) -> dict[TaskType, float]:
    """Return the median duration of each job, stage and kind, over microbatches and repetitions."""
    durations: dict[TaskType, list[int]] = defaultdict(list)
    for event in events:
        if event.action.op == "run":
            durations[_type(event.action.task)].append(event.end - event.begin)
    return {key: median(own) for key, own in durations.items()}


class _DeviceStep:
    """One device in one step."""

    def __init__(
        self,
        schedule: Schedule,
        step: MeasuredStep,
        device: int,
        length: TickLength,
        medians: Mapping[TaskType, float],
    ) -> None:
        self._device = device
        self._step = step
        self._length = length
        self._medians = medians
        self._jobs = schedule.instance.jobs
        self._events = step.events[device]
        origin = length.of(min((row.start for row in schedule.tasks), default=0))
        self._plan = {
            row.task: (length.of(row.start) - origin, length.of(row.end) - origin)
            for row in schedule.tasks_by_device[device]
        }

    def losses(self, sends: Mapping[MessageKey, Event], produced: Mapping[Task, int]) -> DeviceLosses:
        """Compare every idle interval and every task with the plan."""
        found: list[Loss] = []
        regained = 0
        free, planned_free = self._step.origin, 0
        for run, takes in _runs(self._events):
            start, end = self._plan.get(run.action.task, (planned_free, planned_free))
            idle, task = start - planned_free, end - start
            if run.begin - free > idle:
                inputs = [_sent(take, sends, produced) + self._travel(take.action) for take in takes]
                found.append(self._late(run, takes, max(inputs, default=free), free, idle))
            else:
                regained += idle - (run.begin - free)
            if run.end - run.begin > task:
                found.append(self._long(run, task))
            else:
                regained += task - (run.end - run.begin)
            free, planned_free = run.end, end
        lateness = free - self._step.origin - planned_free
        return DeviceLosses(self._device, tuple(found), regained, lateness)

    def _travel(self, action: Action) -> int:
        """Return how long a message was planned to travel."""
        job = self._jobs[action.job]
        if action.kind == "F":
            return self._length.of(job.forward_lags[action.stage])
        return self._length.of(job.backward_lags[action.stage - 1]) if action.kind == "B" else 0

    def _late(self, run: Event, takes: Sequence[Event], expected: int, free: int, planned: int) -> Loss:
        lost_from = free + planned
        before = self._step.before[self._device]
        edges = [lost_from]
        for edge in (lost_from if before is None else before, expected):
            edges.append(min(max(edge, edges[-1]), run.begin))
        arrived = _covered(takes, edges[-1], run.begin)
        parts: dict[Cause, int] = {
            "step before": edges[1] - edges[0],
            "peer": edges[2] - edges[1],
            "transfer": arrived,
            "overhead": run.begin - edges[2] - arrived,
        }
        return self._loss(run.action.task, True, free, run.begin, planned, parts)

    def _long(self, run: Event, planned: int) -> Loss:
        task, duration = run.action.task, run.end - run.begin
        if task not in self._plan:
            return self._loss(task, False, run.begin, run.end, planned, {"unplanned": duration})
        usual = round(self._medians.get(_type(task), duration))
        slower = min(max(usual - planned, 0), duration - planned)
        parts: dict[Cause, int] = {"slower": slower, "interference": duration - planned - slower}
        return self._loss(task, False, run.begin, run.end, planned, parts)

    def _loss(
        self, task: Task, is_idle: bool, begin: int, end: int, planned: int, parts: Mapping[Cause, int]
    ) -> Loss:
        origin = self._step.origin
        nonzero = {cause: part for cause, part in parts.items() if part}
        return Loss(task, is_idle, begin - origin, end - origin, planned, nonzero)


def _type(task: Task) -> TaskType:
    return task.job, task.stage, task.kind


def _runs(events: Iterable[Event]) -> Iterator[tuple[Event, list[Event]]]:
    """Yield every task that ran, with the takes since the one before."""
    takes: list[Event] = []
    for event in events:
        if event.action.op == "take":
            takes.append(event)
        elif event.action.op == "run":
            yield event, takes
            takes = []


def _sent(take: Event, sends: Mapping[MessageKey, Event], produced: Mapping[Task, int]) -> int:
    """Return when a message began to travel: its task had ended, and its send had begun."""
    key = message_key(take)
    send = None if key is None else sends.get(key)
    known = [produced.get(take.action.task), None if send is None else send.begin]
    return max((time for time in known if time is not None), default=take.begin)


def _covered(takes: Iterable[Event], begin: int, end: int) -> int:
    """Return how much of [begin, end) the takes cover; they are in order."""
    covered = 0
    for take in takes:
        first, last = max(take.begin, begin), min(take.end, end)
        if last > first:
            covered += last - first
            begin = last
    return covered
