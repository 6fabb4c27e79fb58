"""Running a schedule on virtual devices, several times, and what was measured of it."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch

from gapweave.executor.measured.recording import Event
from gapweave.executor.measured.steps import measured_steps, typical_step
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.virtual_devices.dispatcher import Dispatcher
from gapweave.executor.runtime.virtual_devices.setup import virtual_devices
from gapweave.executor.runtime.virtual_devices.streams import Stream
from gapweave.executor.training.job import TrainingJob
from gapweave.models.schedule import Schedule

#: A task that the device begins within this time of being issued (nanoseconds) may have waited for the host.
_HOST_BOUND = 50_000
_WARM_UP = 3


class Execution(NamedTuple):
    """What was measured of a schedule; times in nanoseconds unless said.

    Attributes
    ----------
    makespans
        Of each repetition, on the device.
    seconds_per_step
        On the host's clock, repetitions issued one after the other without waiting between.
    host_time
        Median of what the host spent on an action, by operation or kind of task.
    issue_time
        Median of what the host spent on a whole repetition.
    lead
        Median of how long before its begin a task was issued.
    host_bound
        Share of tasks that were issued so late that the device may have waited for the host.
    events
        Of the repetition whose makespan is the median.
    """

    predicted: int
    makespans: tuple[int, ...]
    seconds_per_step: float
    host_time: dict[str, float]
    issue_time: float
    actions: int
    lead: float
    host_bound: float
    events: tuple[Event, ...]

    @property
    def makespan(self) -> float:
        """The median."""
        return median(self.makespans)

    @property
    def ratio(self) -> float:
        """Measured over predicted makespan."""
        return self.makespan / self.predicted


def execute(
    schedule: Schedule,
    jobs: Sequence[TrainingJob],
    device: torch.device,
    streams: Sequence[Stream],
    repetitions: int,
) -> Execution:
    """Run a schedule a few times to warm up, then ``repetitions`` times."""
    plan = Plan.of(schedule)
    options = RunOptions(steps=_WARM_UP + repetitions, record_all=True)
    devices = virtual_devices(plan, jobs, options, device, streams)
    for repetition in range(_WARM_UP):
        devices.run(repetition)
    devices.leads.clear()
    begin = perf_counter()
    for repetition in range(_WARM_UP, _WARM_UP + repetitions):
        devices.issue(repetition)
    issued = _events(devices, plan)  # of the host, until the device's times replace them
    devices.finish()
    seconds = (perf_counter() - begin) / repetitions
    return _execution(devices, plan, seconds, issued)


def _execution(devices: Dispatcher, plan: Plan, seconds: float, issued: Sequence[Event]) -> Execution:
    steps = measured_steps(plan.schedule, _events(devices, plan))
    leads = [begun - was_issued for was_issued, begun in devices.leads]
    typical = typical_step(steps)
    return Execution(
        predicted=plan.schedule.makespan * round(1e9 * (plan.tick or 1e-9)),
        makespans=tuple(step.makespan for step in steps),
        seconds_per_step=seconds,
        host_time=_host_time(issued),
        issue_time=_issue_time(issued),
        actions=sum(len(program.actions) for program in plan.programs),
        lead=median(leads),
        host_bound=sum(lead < _HOST_BOUND for lead in leads) / len(leads),
        events=tuple(chain.from_iterable(typical.events)),
    )


def _events(devices: Dispatcher, plan: Plan) -> list[Event]:
    """Return what all ranks recorded after the warm-up."""
    return [
        event
        for interpreter, program in zip(devices.interpreters, plan.programs, strict=True)
        for event in interpreter.record.events(program)
        if event.repetition >= _WARM_UP
    ]


def _host_time(issued: Sequence[Event]) -> dict[str, float]:
    """Return the median by operation, or kind of task."""
    found: dict[str, list[int]] = {}
    for event in issued:
        name = f"run {event.action.kind}" if event.action.op == "run" else event.action.op
        found.setdefault(name, []).append(event.end - event.begin)
    return {name: median(times) for name, times in sorted(found.items())}


def _issue_time(issued: Sequence[Event]) -> float:
    """Return the median over the repetitions of what all their actions took."""
    total: Counter[int] = Counter()
    for event in issued:
        total[event.repetition] += event.end - event.begin
    return median(total.values())
