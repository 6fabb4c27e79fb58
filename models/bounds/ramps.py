"""What memory forces on a device at both ends: idle time before its first B, and after its last F."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from gapweave.models.bounds.heads_tails import HeadsTails
from gapweave.models.instance import Stage
from gapweave.models.task_arrays import B, F, TaskArrays

#: Sorts work that holds no memory before all other.
_FIRST = Fraction(-(2**62))


class HeldWork(NamedTuple):
    """Some equal pieces of work, each of which holds memory."""

    held: int
    work: int
    pieces: int


def ramps_value(paths: HeadsTails, device: int) -> int:
    """Return the work of a device plus the idle time that memory forces on it before and after, in ticks.

    Let t1 be the start of the device's first B and t2 the end of its last F, and let C be its free memory.
    Before t1 only forwards run, and nothing is freed: they claim at most C, so they are at most some work P,
    and the device idles for at least ``t1 - P``. After t2 only B, W and O run, of microbatches that hold
    memory at t2: at most some work Q, while the last F has a tail of at least q; so of the time after t2 at
    least ``q - Q`` is idle. Where all microbatches together need more than C, t1 < t2, and both add up.

    Raises
    ------
    ValueError
        There is no such device, or its memory holds all microbatches at a time, or nothing at all.
    """
    arrays = paths.arrays
    stages = _stages(arrays, device)
    free = _free_memory(arrays, device)
    if (
        free is None
        or free < 0
        or sum(_count(arrays, job) * stage.memory.forward for job, _, stage in stages) <= free
    ):
        raise ValueError("the device's memory holds all microbatches at a time")
    first_backward = min(int(paths.head[_node(arrays, job, B, number, 0)]) for job, number, _ in stages)
    first_forward = min(int(paths.head[_node(arrays, job, F, number, 0)]) for job, number, _ in stages)
    last_tail = min(int(paths.tail[_node(arrays, job, F, number, -1)]) for job, number, _ in stages)
    counted = [(stage, _count(arrays, job)) for job, _, stage in stages]
    before = most_work(unfinished(counted), free)
    after = most_work(remainders(counted), free) + sum(stage.optimizer for *_, stage in stages)
    work = int(arrays.duration[arrays.device == device].sum())
    return work + max(first_backward - before, first_forward) + max(last_tail - after, 0)


def _stages(arrays: TaskArrays, device: int) -> list[tuple[int, int, Stage]]:
    """Return (job, number, stage) of the stages on a device."""
    found = [
        (index, number, stage)
        for index, job in enumerate(arrays.instance.jobs)
        for number, stage in enumerate(job.stages)
        if stage.device == device
    ]
    if not found or max(arrays.steps) > 1:
        raise ValueError("no stage runs on this device, or several steps do")
    return found


def _free_memory(arrays: TaskArrays, device: int) -> int | None:
    capacity = arrays.instance.devices[device].memory_capacity
    return None if capacity is None else capacity - arrays.instance.resident_memory[device]


def _count(arrays: TaskArrays, job: int) -> int:
    return arrays.instance.jobs[job].microbatch_count


def _node(arrays: TaskArrays, job: int, kind: int, stage: int, microbatch: int) -> int:
    block = arrays.block(job, kind, stage)
    assert block is not None
    return block.nodes[microbatch]


def unfinished(stages: Iterable[tuple[Stage, int]]) -> list[HeldWork]:
    """Return what may run before any backward: forwards, which hold what they claim.

    Parameters
    ----------
    stages
        Stages of one device, each with its number of microbatches.
    """
    return [HeldWork(stage.memory.forward, stage.forward, count) for stage, count in stages]


def remainders(stages: Iterable[tuple[Stage, int]]) -> list[HeldWork]:
    """Return what may be left after the last forward: B and W, or W alone, and what they hold."""
    kinds = []
    for stage, count in stages:
        weight = stage.weight or 0
        kinds.append(HeldWork(stage.memory.forward, stage.backward + weight, count))
        if weight:
            kinds.append(HeldWork(-stage.memory.weight, weight, count))
    return kinds


def most_work(kinds: Iterable[HeldWork], free: int) -> int:
    """Return an upper bound on the work that fits into memory: a knapsack whose last item may be cut."""
    most = 0
    for kind in sorted(kinds, key=lambda kind: Fraction(-kind.work, kind.held) if kind.held else _FIRST):
        if kind.held * kind.pieces > free:
            return most + free * kind.work // kind.held
        most += kind.pieces * kind.work
        free -= kind.pieces * kind.held
    return most
