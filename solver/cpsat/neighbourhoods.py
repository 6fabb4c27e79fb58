"""Which part of a schedule a window frees: one function for each shape of window.

Every shape frees consecutive tasks on each device, so that memory outside stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.device_orders import DeviceOrders

#: Positions [begin, end) of `DeviceOrders.order`, all on one device.
Part: TypeAlias = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Window:
    """Parts of the devices' orders, at most one of each device.

    Attributes
    ----------
    kept
        Tasks inside that keep their order among themselves.
    """

    orders: DeviceOrders
    parts: tuple[Part, ...]
    kept: frozenset[int] = frozenset()

    def nodes(self, part: Part) -> list[int]:
        """Return the tasks of one part, in order."""
        found: list[int] = self.orders.order[part[0] : part[1]].tolist()
        return found

    @cached_property
    def inside(self) -> list[int]:
        """The free tasks of all parts."""
        return [node for part in self.parts for node in self.nodes(part)]

    @cached_property
    def between(self) -> list[int]:
        """The free nodes outside on paths from inside to inside: their times may move, their order not."""
        nodes = self.orders.between(np.array(self.inside, dtype=np.int64))
        found: list[int] = nodes.tolist()
        return found


Shape: TypeAlias = Callable[[DeviceOrders, Random, int], Window | None]


def time_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free about ``size`` tasks in a span of time, on all devices."""
    return _consecutive(orders, rng, size, orders.starts.astype(np.float64))


def slanted_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free a span of time that begins later on each next device (or earlier), as microbatches travel."""
    slope = rng.choice((-1.0, 1.0)) * rng.uniform(0.0, 1.5) * _mean_duration(orders)
    return _consecutive(orders, rng, size, orders.starts - slope * orders.graph.problem.arrays.device)


def diamond_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free what is near one task, in time and in devices."""
    arrays, free = orders.graph.problem.arrays, orders.graph.free_tasks
    centre = free[rng.randrange(len(free))]
    pitch = rng.uniform(0.5, 4.0) * _mean_duration(orders)
    distance = np.abs(orders.starts[free] - orders.starts[centre]) + pitch * np.abs(
        arrays.device[free] - arrays.device[centre]
    )
    size = min(size, len(free))
    return _window(orders, free[np.argpartition(distance, size - 1)[:size]])


def device_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free a longer span of time on two to four neighbouring devices."""
    device = orders.graph.problem.arrays.device
    devices = len(orders.graph.problem.instance.devices)
    count = min(devices, rng.randint(2, 4))
    lowest = rng.randint(0, devices - count)
    free = orders.graph.free_tasks
    near = free[(device[free] >= lowest) & (device[free] < lowest + count)]
    return _consecutive(orders, rng, size // 2, orders.starts.astype(np.float64), near)


def job_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free the tasks of one job in a span of time, those of the others keep their order; or of one kind."""
    window, arrays = time_window(orders, rng, 2 * size), orders.graph.problem.arrays
    if window is None:
        return None
    trait = arrays.job if len(arrays.instance.jobs) > 1 else arrays.kind
    chosen = trait[rng.choice(window.inside)]
    return Window(orders, window.parts, frozenset(node for node in window.inside if trait[node] != chosen))


def critical_window(orders: DeviceOrders, rng: Random, size: int) -> Window | None:
    """Free what surrounds a stretch of a critical path."""
    critical = orders.critical_tasks
    if not len(critical):
        return None
    path = [int(critical[rng.randrange(len(critical))])]
    for _ in range(max(2, size // 6)):
        follower = orders.critical_successor(path[-1])
        if follower is None:
            break
        path.append(follower)
    device, free = orders.graph.problem.arrays.device, orders.graph.free_tasks
    distance = np.full(len(free), np.inf)
    for place in {int(device[node]) for node in path if device[node] >= 0}:
        times = [int(orders.starts[node]) for node in path if device[node] == place]
        here = device[free] == place
        begun = orders.starts[free[here]]
        distance[here] = np.maximum(0, np.maximum(min(times) - begun, begun - max(times)))
    size = min(size, int(np.isfinite(distance).sum()))
    return _window(orders, free[np.argpartition(distance, size - 1)[:size]]) if size else None


SHAPES: tuple[Shape, ...] = (
    time_window,
    slanted_window,
    diamond_window,
    device_window,
    job_window,
    critical_window,
)


def _consecutive(
    orders: DeviceOrders,
    rng: Random,
    size: int,
    key: npt.NDArray[np.float64],
    among: Int64Array | None = None,
) -> Window | None:
    """Free tasks that follow each other in order of a key; windows at both ends may be smaller."""
    free = orders.graph.free_tasks if among is None else among
    if not len(free):
        return None
    order = free[np.argsort(key[free], kind="stable")]
    begin = rng.randrange(-size // 2, len(order)) if size < len(order) else 0
    return _window(orders, order[max(0, begin) : max(1, begin + size)])


def _window(orders: DeviceOrders, nodes: Int64Array) -> Window | None:
    """Return the smallest window with these tasks."""
    positions = np.sort(orders.position[nodes])
    devices = orders.graph.problem.arrays.device[orders.order[positions]]
    parts = [_span(positions[devices == device]) for device in np.unique(devices)]
    return Window(orders, tuple(parts)) if parts else None


def _span(positions: Int64Array) -> Part:
    return int(positions[0]), int(positions[-1]) + 1


def _mean_duration(orders: DeviceOrders) -> float:
    return float(orders.graph.duration[orders.graph.free_tasks].mean())
