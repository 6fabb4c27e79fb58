"""Memory that an order of tasks takes on its device: times do not matter, one task runs after the other."""

from collections.abc import Iterable, Sequence

from gapweave.models.errors import NotApplicable
from gapweave.models.memory import memory_effects
from gapweave.models.task import KINDS
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.room import free_capacities


def peak_memory(arrays: TaskArrays, order: Iterable[int]) -> int:
    """Return the highest level that the tasks of one device reach above what is resident.

    A claim counts from its task's start, a release from its task's end, so the level after each task is the
    sum of the deltas so far, and it is highest at a claim.
    """
    deltas = {key: delta for key, (_, delta) in memory_effects(arrays.instance).items()}
    level = peak = 0
    for node in order:
        kind = KINDS[arrays.kind[node]]
        level += deltas.get((int(arrays.job[node]), int(arrays.stage[node]), kind), 0)
        peak = max(peak, level)
    return peak


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
