"""Memory that an order of tasks takes on its device: times do not matter, one task runs after the other."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from gapweave.models.errors import NotApplicable
from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import NODE_KINDS, TaskArrays
from gapweave.solver.room import free_capacities


def levels_of(arrays: TaskArrays, order: Iterable[int]) -> list[int]:
    """Return the level above what is resident after each task of one device, in order.

    A claim counts from its task's start, a release from its task's end, so while a task runs the level is no
    higher than the level before it or after it.
    """
    effects = memory_effects(arrays.instance)
    deltas = [
        effects.get((block.job, block.stage, NODE_KINDS[block.kind]), (0, 0))[1] for block in arrays.blocks
    ]
    firsts = [block.first for block in arrays.blocks]
    return list(accumulate(deltas[bisect_right(firsts, node) - 1] for node in order))


def peak_memory(arrays: TaskArrays, order: Iterable[int]) -> int:
    """Return the highest level that the tasks of one device reach above what is resident."""
    return max(levels_of(arrays, order), default=0)


def fits_memory(arrays: TaskArrays, orders: Sequence[Iterable[int]]) -> bool:
    """Whether every device has the memory that the order of its tasks takes."""
    return all(
        free is None or peak_memory(arrays, order) <= free
        for order, free in zip(orders, free_capacities(arrays.instance), strict=True)
    )


def require_memory(arrays: TaskArrays, orders: Sequence[Iterable[int]], policy: str) -> None:
    """Raise NotApplicable, naming the first device that lacks memory for its order of tasks."""
    for device, free in enumerate(free_capacities(arrays.instance)):
        if free is not None and (needed := peak_memory(arrays, orders[device])) > free:
            name = arrays.instance.devices[device].name
            raise NotApplicable(f"{policy} needs {needed} memory on {name!r}, {free} is free")
