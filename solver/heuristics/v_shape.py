"""V-shape schedules: two stages per device, forth and back, with as much activation memory as wanted.

References
----------
P. Qi, X. Wan, N. Amar, M. Lin, "Pipeline Parallelism with Controllable Memory", NeurIPS 2024,
arXiv 2405.15362: V-Min, V-Half and V-ZB (ZB-V) with about 1/3, 1/2 and all of 1F1B's activation memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from gapweave.models.instance import Instance
from gapweave.models.task_arrays import B, F, Int64Array, O, TaskArrays, W
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.delayed_weights import UNLIMITED, WeightRule, delayed_weight_orders
from gapweave.solver.heuristics.order_memory import fits_memory
from gapweave.solver.heuristics.single_job import nodes_of, require_room_for_one, require_single_job
from gapweave.solver.heuristics.spans import shortest_span
from gapweave.solver.heuristics.stage_layout import require_v
from gapweave.solver.timing import earliest_starts

#: Slots of one microbatch on a device: F, B and W of two stages.
PERIOD = 6
#: Shares of W's duration from which on an idle interval is filled.
_PATIENCE = (0.0, 0.5, 1.0)


class Offsets(NamedTuple):
    """Slots from one device to the next, along the four legs of a microbatch's way."""

    forward_out: int
    forward_back: int
    backward_out: int
    backward_back: int


class _VShape:
    """Base of the three: a repeating pattern, and simulations that keep to its memory.

    The pattern gives every device the same six slots per microbatch. Its order of tasks is timed with the
    true durations, and so are simulations in which each stage has as many microbatches in flight as in the
    pattern, or one more, and W fills gaps; the schedule with the shortest stage span is kept. None holds
    more than the pattern's memory, nor than the devices have. A backward need not be split.
    """

    name: ClassVar[str]
    jobs: ClassVar[Literal["single", "many"]] = "single"
    offsets: ClassVar[Offsets]

    @classmethod
    def microbatches_held(cls, devices: int) -> int:
        """Return the activation memory in microbatches of both stages of a device."""
        raise NotImplementedError

    def plan(self, arrays: TaskArrays) -> Plan:
        """Time the pattern and the simulations, and keep the best."""
        devices = require_v(require_single_job(arrays, self.name), self.name)
        require_room_for_one(arrays)
        limited = replace(arrays, instance=_limited(arrays.instance, self.microbatches_held(len(devices))))
        return Plan(shortest_span(arrays, _candidates(limited, slots(len(devices), self.offsets))))


class VMin(_VShape):
    """A third of 1F1B's activation memory."""

    name: ClassVar[str] = "v-min"
    offsets: ClassVar[Offsets] = Offsets(1, 1, 1, 1)

    @classmethod
    def microbatches_held(cls, devices: int) -> int:
        """Return ceil((P + 2) / 3)."""
        return (devices + 4) // 3


class VHalf(_VShape):
    """Half of 1F1B's activation memory."""

    name: ClassVar[str] = "v-half"
    offsets: ClassVar[Offsets] = Offsets(2, 1, 2, 1)

    @classmethod
    def microbatches_held(cls, devices: int) -> int:
        """Return ceil((P + 1) / 2)."""
        return (devices + 2) // 2


class ZbV(_VShape):
    """1F1B's activation memory and, if F, B and W take equally long, no bubble at all."""

    name: ClassVar[str] = "zb-v"
    offsets: ClassVar[Offsets] = Offsets(4, 2, 4, 2)

    @classmethod
    def microbatches_held(cls, devices: int) -> int:
        """Return P."""
        return devices


def slots(devices: int, offsets: Offsets) -> dict[tuple[int, int], int]:
    """Return the slot of each (kind, stage) for microbatch 0; microbatch m runs 6 m slots later.

    No two tasks of a device meet, whatever their microbatches. A leg starts as soon after the end of the
    leg before as that allows, a weight gradient in the first free slot after its backward.
    """
    for pauses in sorted(product(range(PERIOD), repeat=3), key=lambda pauses: (sum(pauses), pauses)):
        found = _passes(devices, offsets, pauses)
        if all(
            len({found[key] % PERIOD for key in _passes_of(device, devices)}) == 4
            for device in range(devices)
        ):
            return found | _weights(devices, found)
    raise ValueError(f"no pauses keep the legs of {offsets} apart")


def _passes(devices: int, offsets: Offsets, pauses: Sequence[int]) -> dict[tuple[int, int], int]:
    last = devices - 1
    turn = last * offsets.forward_out + 1 + pauses[0]
    end = turn + last * offsets.forward_back + 1 + pauses[1]
    back = end + last * offsets.backward_out + 1 + pauses[2]
    found = {}
    for device in range(devices):
        other = 2 * devices - 1 - device
        found[F, device] = device * offsets.forward_out
        found[F, other] = turn + (last - device) * offsets.forward_back
        found[B, other] = end + device * offsets.backward_out
        found[B, device] = back + (last - device) * offsets.backward_back
    return found


def _passes_of(device: int, devices: int) -> list[tuple[int, int]]:
    return [(kind, stage) for kind in (F, B) for stage in (device, 2 * devices - 1 - device)]


def _weights(devices: int, passes: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    found = {}
    for device in range(devices):
        taken = {passes[key] % PERIOD for key in _passes_of(device, devices)}
        for stage in (2 * devices - 1 - device, device):
            slot = passes[B, stage] + 1
            while slot % PERIOD in taken:
                slot += 1
            taken.add(slot % PERIOD)
            found[W, stage] = slot
    return found


def _limited(instance: Instance, microbatches: int) -> Instance:
    """Return the instance with no more memory than these microbatches take on each device."""
    job = instance.jobs[0]
    peaks = [0] * len(instance.devices)
    for stage in job.stages:
        peaks[stage.device] += stage.memory.peak
    devices = []
    for device, peak, resident in zip(instance.devices, peaks, instance.resident_memory, strict=True):
        wanted = resident + microbatches * peak
        capacity = wanted if device.memory_capacity is None else min(wanted, device.memory_capacity)
        devices.append(device.model_copy(update={"memory_capacity": capacity}))
    return instance.model_copy(update={"devices": tuple(devices)})


def _candidates(arrays: TaskArrays, pattern: dict[tuple[int, int], int]) -> Iterator[Int64Array]:
    slot_keys = _pattern_keys(arrays, pattern)
    orders = _sorted_orders(arrays, slot_keys)
    if fits_memory(arrays, orders):
        yield earliest_starts(arrays, orders)
    for keys, more, patience in product((slot_keys, None), (0, 1), _PATIENCE):
        in_flight = tuple(count + more for count in _in_flight(pattern))
        rule = WeightRule(in_flight, (UNLIMITED,) * len(in_flight), patience=patience)
        yield earliest_starts(arrays, delayed_weight_orders(arrays, rule, keys))


def _in_flight(pattern: dict[tuple[int, int], int]) -> list[int]:
    """Return the microbatches between F's start and B's end on each stage."""
    stages = sum(kind == F for kind, _ in pattern)
    return [-(-(pattern[B, stage] + 1 - pattern[F, stage]) // PERIOD) for stage in range(stages)]


def _sorted_orders(arrays: TaskArrays, keys: Sequence[float]) -> list[list[int]]:
    """Return the tasks of each device by their keys."""
    orders: list[list[int]] = [[] for _ in arrays.instance.devices]
    for number, stage in enumerate(arrays.instance.jobs[0].stages):
        for kind in (F, B, W, O):
            orders[stage.device] += nodes_of(arrays, kind, number)
    return [sorted(order, key=keys.__getitem__) for order in orders]


def _pattern_keys(arrays: TaskArrays, pattern: dict[tuple[int, int], int]) -> list[float]:
    """Return each task's slot; optimizer tasks come last."""
    keys = np.full(arrays.node_count, np.inf)
    for (kind, stage), slot in pattern.items():
        nodes = nodes_of(arrays, kind, stage)
        keys[nodes] = slot + PERIOD * np.arange(len(nodes))
    return [float(key) for key in keys]
