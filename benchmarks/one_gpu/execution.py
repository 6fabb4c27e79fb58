"""Running a schedule on virtual devices, several times, and what was measured of it."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch

from gapweave.executor.measured.recording import Event
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.virtual_devices.dispatcher import Dispatcher, Lead
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
    issued = []
    for repetition in range(_WARM_UP, _WARM_UP + repetitions):
        started = perf_counter()
        devices.issue(repetition)
        issued.append(1e9 * (perf_counter() - started))
    host = _host_time(devices, plan, _WARM_UP)
    devices.finish()
    seconds = (perf_counter() - begin) / repetitions
    return _execution(devices, plan, seconds, host, issued)


def _execution(
    devices: Dispatcher, plan: Plan, seconds: float, host: dict[str, float], issued: Sequence[float]
) -> Execution:
    runs = _repetitions(devices, plan)
    makespans = [max(event.end for event in run) - min(event.begin for event in run) for run in runs]
    typical = makespans.index(sorted(makespans)[len(makespans) // 2])
    leads = [begun - was_issued for was_issued, begun in devices.leads]
    actions = sum(len(program.actions) for program in plan.programs)
    tick = round(1e9 * (plan.tick or 1e-9))
    return Execution(
        plan.schedule.makespan * tick,
        tuple(makespans),
        seconds,
        host,
        median(issued),
        actions,
        median(leads),
        sum(lead < _HOST_BOUND for lead in leads) / len(leads),
        tuple(runs[typical]),
    )


def _repetitions(devices: Dispatcher, plan: Plan) -> list[list[Event]]:
    """Return the tasks and takes of each measured repetition, those of all ranks together."""
    runs: dict[int, list[Event]] = {}
    for interpreter, program in zip(devices.interpreters, plan.programs, strict=True):
        for event in interpreter.record.events(program):
            if event.repetition >= _WARM_UP and event.action.op in ("run", "take"):
                runs.setdefault(event.repetition, []).append(event)
    return [runs[repetition] for repetition in sorted(runs)]


def _host_time(devices: Dispatcher, plan: Plan, first: int) -> dict[str, float]:
    """Read the host's times of actions, which the records hold until the device's replace them."""
    found: dict[str, list[int]] = {}
    for interpreter, program in zip(devices.interpreters, plan.programs, strict=True):
        for event in interpreter.record.events(program):
            if event.repetition >= first:
                name = f"run {event.action.kind}" if event.action.op == "run" else event.action.op
                found.setdefault(name, []).append(event.end - event.begin)
    return {name: median(times) for name, times in sorted(found.items())}


def lead_of(leads: Sequence[Lead]) -> float:
    """Return the median time between issue and begin."""
    return median(begun - issued for issued, begun in leads)
