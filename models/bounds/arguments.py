"""The arguments behind lower bounds: from a certificate to the value that it proves.

With ``merged`` in its certificate, an argument speaks of the instance with equal jobs merged into one.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from gapweave.models.bounds.heads_tails import HeadsTails
from gapweave.models.bounds.memory_time import memory_time
from gapweave.models.bounds.primary_room import PrimaryRoom
from gapweave.models.bounds.ramps import ramps_value
from gapweave.models.bounds.step_ramps import step_ramps
from gapweave.models.bounds.step_span import downstream_paths, step_span
from gapweave.models.bounds.windows import Windows
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary
from gapweave.models.task import Task
from gapweave.models.task_arrays import NODE_KINDS, TaskArrays

#: Computes the proven value; raises KeyError, TypeError, ValueError or IndexError on a malformed certificate.
Argument: TypeAlias = Callable[[HeadsTails, "Primary | None", dict[str, Any]], int]

#: The same for a bound on the period, from the steps of each job in it.
PeriodArgument: TypeAlias = Callable[[Instance, tuple[int, ...], dict[str, Any]], int]

#: No instance needs a makespan beyond this, in ticks.
_LONGEST = 2**50


def device_load(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """A device runs one task at a time: the sum of its tasks' durations. Certificate: ``device``."""
    return int(paths.arrays.duration[_on_device(paths.arrays, certificate["device"])].sum())


def critical_path(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """A task with everything that must precede and follow it: head + duration + tail.

    Certificate: ``task`` as [job, step, kind, stage, microbatch].
    """
    return int(paths.through[_node(paths.arrays, Task(*certificate["task"]))])


def one_machine(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """A device cannot start the tasks with a head of at least h before h, and a tail q follows the last.

    The value is ``h + sum of durations + q`` over the device's tasks with head >= h and tail >= q.
    Certificate: ``device``, ``head`` h, ``tail`` q, in ticks.

    References
    ----------
    J. Carlier, "The one-machine sequencing problem", EJOR 11 (1982), doi:10.1016/S0377-2217(82)80007-6.
    """
    head, tail = _integer(certificate["head"]), _integer(certificate["tail"])
    nodes = _on_device(paths.arrays, certificate["device"])
    chosen = nodes[(paths.head[nodes] >= head) & (paths.tail[nodes] >= tail)]
    if not len(chosen):
        raise ValueError("no task has these heads and tails")
    return head + int(paths.arrays.duration[chosen].sum()) + tail


def ramps(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """A device's work and the idle time that memory forces on it at both ends. Certificate: ``device``."""
    return ramps_value(paths, _integer(certificate["device"]))


def pinned_primary(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """In ``fill`` the primary runs at given times, so nothing ends before its last task does."""
    if primary is None or primary.tasks is None:
        raise ValueError("there is no pinned primary")
    job = paths.arrays.instance.jobs[0]
    ends = []
    for kind, stage, _, start in primary.tasks:
        attribute = {"F": "forward", "B": "backward", "W": "weight", "O": "optimizer"}[kind]
        ends.append(start + (getattr(job.stages[stage], attribute) or 0))
    return max(ends)


def idle_intervals(paths: HeadsTails, primary: Primary | None, certificate: dict[str, Any]) -> int:
    """The others' tasks run in the idle intervals that the primary leaves, pinned or within its limit.

    Suppose that there is a schedule of makespan T or less. Then the tasks of a device with head >= h and
    tail >= q run within [h, T - q]. If they do not fit into its idle intervals there, the makespan is at
    least T + 1. Certificate: ``device``, ``makespan`` T, ``head`` h, ``tail`` q, in ticks.
    """
    if certificate.get("merged") or max(paths.arrays.steps) > 1:
        raise ValueError("idle intervals are those of the instance itself, in one step")
    if primary is None:
        raise ValueError("the primary may run at any time")
    device, makespan, head, tail = (
        _integer(certificate[name]) for name in ("device", "makespan", "head", "tail")
    )
    windows = Windows(paths.arrays, PrimaryRoom.of(paths, primary))
    if not windows.room.end <= makespan <= _LONGEST or not 0 <= device < len(windows.calendars):
        raise ValueError("no such makespan, or no such device")
    if windows.excess(makespan, windows.tails(makespan), device, head, tail) <= 0:
        raise ValueError("the tasks fit into the idle intervals")
    return makespan + 1


def span_of_steps(instance: Instance, steps: tuple[int, ...], certificate: dict[str, Any]) -> int:
    """The steps of a job follow each other on every stage, and each takes its time there.

    Certificate: ``job``, ``stage``, ``head``: see `gapweave.models.bounds.step_span.step_span`.
    """
    job, stage, head = (_integer(certificate[name]) for name in ("job", "stage", "head"))
    if not 0 <= job < len(steps) or not 0 <= stage < len(instance.jobs[job].stages):
        raise ValueError("there is no such stage")
    return steps[job] * step_span(downstream_paths(instance, job, stage), head)


def ramps_of_steps(instance: Instance, steps: tuple[int, ...], certificate: dict[str, Any]) -> int:
    """Each step of a job costs a device its work, and idle time before the next one can begin.

    Certificate: ``job``, ``device``: see `gapweave.models.bounds.step_ramps.step_ramps`.
    """
    job, device = (_integer(certificate[name]) for name in ("job", "device"))
    if not 0 <= job < len(steps) or not 0 <= device < len(instance.devices):
        raise ValueError("there is no such job, or no such device")
    return steps[job] * step_ramps(instance, job, device)


def memory_over_period(instance: Instance, steps: tuple[int, ...], certificate: dict[str, Any]) -> int:
    """What microbatches hold, for as long as they have to, fits into a device's memory on average.

    Certificate: ``device``: see `gapweave.models.bounds.memory_time.memory_time`.
    """
    return memory_time(instance, steps, _integer(certificate["device"]))


ARGUMENTS: dict[str, Argument] = {
    "device-load": device_load,
    "critical-path": critical_path,
    "one-machine": one_machine,
    "ramps": ramps,
    "pinned-primary": pinned_primary,
    "idle-intervals": idle_intervals,
}

#: Arguments that bound a period only.
PERIOD_ARGUMENTS: dict[str, PeriodArgument] = {
    "step-span": span_of_steps,
    "step-ramps": ramps_of_steps,
    "memory-time": memory_over_period,
}


def _on_device(arrays: TaskArrays, device: object) -> np.ndarray[Any, np.dtype[np.intp]]:
    return np.flatnonzero(arrays.device == _integer(device))


def _node(arrays: TaskArrays, task: Task) -> int:
    kind = NODE_KINDS.index(task.kind)
    block = arrays.block(_integer(task.job), kind, _integer(task.stage), _integer(task.step))
    if block is None:
        raise ValueError(f"there is no task {task}")
    return block.nodes[0 if task.microbatch is None else _integer(task.microbatch)]


def _integer(value: object) -> int:
    if type(value) is not int or value < -1:
        raise TypeError(f"expected an integer, got {value!r}")
    return value
