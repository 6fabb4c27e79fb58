"""Devices that run forwards and backwards as they come, and weight gradients when nothing is lost by it.

A simulation of one job under a rule; what decides between F and B that are both there is a key per task.
Deadlocks cannot happen: a forward leaves memory for one microbatch of every other stage on its device, a
backward that is there runs if no forward may, and a weight gradient that must make room waits for nothing
but what is already on its way.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241: nothing
waits for a weight gradient, so W can fill idle time; what its delay costs is memory.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from gapweave.models.instance import Job
from gapweave.models.task_arrays import B, F, O, TaskArrays, W
from gapweave.solver.heuristics.single_job import nodes_of
from gapweave.solver.room import free_capacities

UNLIMITED = 2**62
_NEVER = UNLIMITED
_F_ALONE, _B_ALONE, _F_AND_B = (F,), (B,), (F, B)


@dataclass(frozen=True)
class WeightRule:
    """What each stage does; one entry per stage where there are several.

    Attributes
    ----------
    in_flight
        Most microbatches between F's start and B's end.
    waiting
        Most weight gradients that may wait; one more, and the first of them runs.
    held
        Most microbatches between F's start and W's end on a stage, beside what memory allows.
    patience
        A waiting W fills an idle interval that is expected to last at least this share of its duration:
        0 fills every interval, 1 those that it fits into. None: fills none. The same goes for a W that has to
        make room for an F, only that None does it at once.
    """

    in_flight: tuple[int, ...]
    waiting: tuple[int, ...]
    held: int = UNLIMITED
    patience: float | None = None


def delayed_weight_orders(
    arrays: TaskArrays, rule: WeightRule, keys: Sequence[float] | None = None
) -> list[list[int]]:
    """Simulate the devices under a rule.

    Parameters
    ----------
    arrays
        The tasks of one job; every device can hold a microbatch of each of its stages at a time.
    keys
        One number per node; of the passes that may start the one with the smallest does. None: F before B,
        which is 1F1B once the limit of microbatches in flight is reached, and microbatches in order.

    Returns
    -------
    list of list of int
        For each device its tasks (node ids) in order, optimizer tasks last.
    """
    if keys is None:
        keys = (arrays.kind * arrays.instance.jobs[0].microbatch_count + arrays.microbatch).tolist()
    orders = _Simulation(arrays, rule, keys).run()
    for number, stage in enumerate(arrays.instance.jobs[0].stages):
        orders[stage.device] += nodes_of(arrays, O, number)
    return orders


class _Stage:
    """One stage during one simulation; lists over kinds are in the order F, B, W."""

    def __init__(self, arrays: TaskArrays, number: int, rule: WeightRule) -> None:
        job = arrays.instance.jobs[0]
        stage = job.stages[number]
        self.number = number
        self.device = stage.device
        self.count = job.microbatch_count
        self.most_in_flight = rule.in_flight[number]
        self.most_waiting = rule.waiting[number]
        self.most_held = rule.held
        self.is_split = stage.is_split
        self.durations = (stage.forward, stage.backward, stage.weight or 0)
        self.deltas = (stage.memory.forward, stage.memory.backward, stage.memory.weight)
        self.claims = (stage.memory.peak, max(0, stage.memory.backward))
        self.nodes = [nodes_of(arrays, kind, number) for kind in (F, B, W)]
        self.arrivals: list[list[int]] = [[], []]
        self.notice = _notice(job, number)
        self.least_gap = round((rule.patience or 0) * self.durations[W])
        self.started = [0, 0, 0]

    @property
    def waiting(self) -> int:
        """Weight gradients that could run."""
        return self.started[B] - self.started[W] if self.is_split else 0

    @property
    def missing(self) -> int:
        """Memory that must stay free so that the stage can bring one microbatch to the end of its B."""
        forwards, backwards, _ = self.started
        if backwards == self.count:
            return 0
        return self.claims[B] if backwards < forwards else self.claims[F]

    def next_passes(self) -> Sequence[int]:
        """Return F while fewer than the limit are in flight, B while any is."""
        forwards, backwards, _ = self.started
        if forwards < self.count and forwards - backwards < self.most_in_flight:
            return _F_AND_B if backwards < forwards else _F_ALONE
        return _B_ALONE if backwards < forwards else ()

    @property
    def may_take_in(self) -> bool:
        """Whether the number of microbatches held allows one more, whatever the memory."""
        return self.started[F] - self.started[B] + self.waiting < self.most_held

    def arrival(self, kind: int) -> int | None:
        """Return when the input of the next task of a kind is there; None: not even on its way."""
        arrivals, position = self.arrivals[kind], self.started[kind]
        return arrivals[position] if position < len(arrivals) else None


@dataclass
class _Device:
    """One device during one simulation."""

    room: int
    keys: Sequence[float]
    fills_idle_time: bool
    stages: list[_Stage] = field(default_factory=list)
    held: int = 0
    free_at: int = 0
    order: list[int] = field(default_factory=list)

    def choose(self, now: int) -> tuple[_Stage, int] | None:
        """Return the stage and kind to start now; None: wait for what comes."""
        for stage in self.stages:
            if stage.waiting > stage.most_waiting:
                return stage, W
        best: tuple[_Stage, int] | None = None
        best_key, blocked = float("inf"), False
        expected = under_way = _NEVER
        for stage in self.stages:
            for kind in stage.next_passes():
                arrival = stage.arrival(kind)
                if arrival is None:
                    expected = min(expected, now + stage.notice[kind])
                elif arrival > now:
                    under_way = min(under_way, arrival)
                elif (key := self.keys[stage.nodes[kind][stage.started[kind]]]) < best_key:
                    if self._fits(stage, kind):
                        best, best_key = (stage, kind), key
                    else:
                        blocked = True
        if best is not None:
            return best
        if blocked or expected == under_way:  # equal only if nothing is left but W
            return self._weight(under_way - now)
        return self._weight(min(expected, under_way) - now) if self.fills_idle_time else None

    def start(self, stage: _Stage, kind: int, now: int) -> int:
        """Start the next task of a kind and return its end."""
        self.order.append(stage.nodes[kind][stage.started[kind]])
        stage.started[kind] += 1
        self.held += stage.deltas[kind]
        self.free_at = now + stage.durations[kind]
        return self.free_at

    def _fits(self, stage: _Stage, kind: int) -> bool:
        """Whether memory allows F or B, and after F one microbatch of every other stage."""
        needed = self.held + stage.claims[kind]
        if kind == F:
            needed += sum(other.missing for other in self.stages if other is not stage)
        return needed <= self.room and (kind == B or stage.may_take_in)

    def _weight(self, gap: int) -> tuple[_Stage, int] | None:
        """Return the first waiting W that the ticks until the next pass allow."""
        waiting = [stage for stage in self.stages if stage.waiting and gap >= stage.least_gap]
        if not waiting:
            return None
        return min(waiting, key=lambda stage: self.keys[stage.nodes[W][stage.started[W]]]), W


class _Simulation:
    """An event (time, device) makes the device look for something to do."""

    def __init__(self, arrays: TaskArrays, rule: WeightRule, keys: Sequence[float]) -> None:
        self.job = arrays.instance.jobs[0]
        free = free_capacities(arrays.instance)
        self.devices = [
            _Device(UNLIMITED if room is None else room, keys, rule.patience is not None) for room in free
        ]
        self.stages = [_Stage(arrays, number, rule) for number in range(len(self.job.stages))]
        for stage in self.stages:
            self.devices[stage.device].stages.append(stage)
        self.stages[0].arrivals[F] = [0] * self.job.microbatch_count
        self.events = [(0, self.job.stages[0].device)]

    def run(self) -> list[list[int]]:
        while self.events:
            now, number = heapq.heappop(self.events)
            device = self.devices[number]
            if device.free_at > now:
                continue
            chosen = device.choose(now)
            if chosen is not None:
                end = device.start(*chosen, now)
                heapq.heappush(self.events, (end, number))
                self._send(*chosen, end)
        return [device.order for device in self.devices]

    def _send(self, stage: _Stage, kind: int, end: int) -> None:
        """Tell the stage that needs a result when it will be there."""
        number, last = stage.number, len(self.stages) - 1
        if kind == F and number < last:
            self._deliver(F, number + 1, end + self.job.forward_lags[number])
        elif kind == F:
            stage.arrivals[B].append(end)
        elif kind == B and number:
            self._deliver(B, number - 1, end + self.job.backward_lags[number - 1])

    def _deliver(self, kind: int, number: int, arrival: int) -> None:
        stage = self.stages[number]
        stage.arrivals[kind].append(arrival)
        heapq.heappush(self.events, (arrival, stage.device))


def _notice(job: Job, number: int) -> tuple[int, int]:
    """Return the least ticks before an F, and a B, arrives that has not even started where it comes from."""
    forward = job.stages[number - 1].forward + job.forward_lags[number - 1] if number else 0
    if number + 1 == len(job.stages):
        return forward, 0
    return forward, job.stages[number + 1].backward + job.backward_lags[number]
