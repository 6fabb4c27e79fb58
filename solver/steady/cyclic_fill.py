"""Greedy fill in steady state: the secondary jobs' tasks listed into the primary's idle intervals modulo T.

One schedule takes a millisecond, so many are tried: where in the period each job begins, how many
microbatches it has in flight on every stage, and which kinds go first are drawn at random, mostly near the
best so far. Only the cyclic orders count; a step that takes longer than it may lengthens the period when
they are timed.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gapweave.models.bounds.least_hold import least_hold
from gapweave.models.memory import level_profiles
from gapweave.models.task_arrays import B, Block, F, Int64Array, W
from gapweave.solver.steady.cyclic_list import FreeTasks, IdleTime, list_tasks
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.primary_step import PrimaryStep, primary_pins
from gapweave.solver.steady.retime import CyclicOrders, rings_of, timed
from gapweave.solver.stopping import Stopping

#: Periods longer than this many times the primary's are of no use.
_LONGEST = 3
_UNLIMITED = 2**60
#: Periods for which tasks are listed, as multiples of the primary's.
_STRETCHES = (1.0, 1.0, 1.0, 1.05, 1.1, 1.2, 1.4, 1.8)
#: Share of the draws that start anew, not near the best.
_ANEW = 0.3


@dataclass(frozen=True, eq=False)
class _Draw:
    """The choices of one try.

    Attributes
    ----------
    begin
        Earliest first start of each secondary job, as a share of T.
    in_flight
        Microbatches in flight on the first stage, as a share of all of the job's.
    slope
        How much of that is gone on the last stage, 0 to 1.
    more_before_w
        Microbatches whose W may be open beyond those whose B is, as a share of all.
    bias
        Of F, B and W against each other, in mean durations.
    stretch
        Index of `_STRETCHES`: for how long a period tasks are listed.
    hold
        For how many times its least time in memory a claim must find room.
    """

    begin: np.ndarray[tuple[int], np.dtype[np.float64]]
    in_flight: float
    slope: float
    more_before_w: float
    bias: np.ndarray[tuple[int], np.dtype[np.float64]]
    hold: float
    stretch: int = 0


class CyclicFill:
    """Tries for one number of steps; what they find goes to the incumbent."""

    def __init__(self, graph: CyclicGraph, step: PrimaryStep, seed: int) -> None:
        self.graph = graph
        self.step = step
        self.period = graph.arrays.steps[0] * step.period
        self._random = np.random.default_rng(seed)
        self._best: tuple[int, _Draw] | None = None
        self._idle: dict[int, IdleTime] = {}
        free = slice(0, graph.arrays.task_count)
        self._mean = float(graph.arrays.duration[free].mean())

    def run(self, incumbent: SteadyIncumbent, stopping: Stopping, tries: int) -> None:
        """Try until the period is the primary's, time is up, or that many tries in a row brought nothing."""
        fruitless = 0
        while fruitless < tries and not stopping and not incumbent.is_optimal:
            draw = self._draw()
            period = self._try(draw, incumbent)
            better = period is not None and (self._best is None or period < self._best[0])
            if period is not None and (self._best is None or period <= self._best[0]):
                self._best = period, draw
            fruitless = 0 if better else fruitless + 1

    def _draw(self) -> _Draw:
        random = self._random
        jobs = len(self.graph.instance.jobs) - 1
        if self._best is None or random.random() < _ANEW:
            return _Draw(
                begin=random.random(jobs),
                in_flight=float(random.random() ** 2),
                slope=float(random.choice([0.0, 0.5, 1.0])),
                more_before_w=float(random.choice([0.0, 0.1, 1.0])),
                bias=np.array([0.0, random.uniform(-2, 0.5), random.uniform(-0.5, 3)]),
                hold=float(random.choice([0.0, 0.5, 1.0, 1.2, 1.5])),
                stretch=int(random.integers(len(_STRETCHES))),
            )
        near = self._best[1]
        which = random.integers(7)
        if which == 6:
            return replace(near, stretch=max(0, near.stretch - 1))
        if which == 0:
            return replace(near, begin=(near.begin + random.normal(0, 0.03, jobs)) % 1)
        if which == 1:
            return replace(near, in_flight=float(np.clip(near.in_flight + random.normal(0, 0.05), 0, 1)))
        if which == 2:
            return replace(near, slope=float(random.random()))
        if which == 3:
            return replace(near, more_before_w=float(random.random() ** 2))
        if which == 4:
            return replace(near, bias=near.bias + random.normal(0, 0.3, 3) * [0, 1, 1])
        return replace(near, hold=float(random.uniform(0, 2)), begin=random.random(jobs))

    def _try(self, draw: _Draw, incumbent: SteadyIncumbent) -> int | None:
        """Return the least period of the orders that a draw leads to; None if there are none."""
        graph = self.graph
        starts = self._pinned_starts.copy()
        period = round(self.period * _STRETCHES[draw.stretch])
        idle = IdleTime(*(column.copy() for column in self._idle_time(period)))
        if not list_tasks(self._tasks(draw), idle, period, starts):
            return None
        cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
        orders = CyclicOrders.read(graph, starts, period, cut)
        if not fits(graph, orders):
            return None
        result = timed(
            graph, rings_of(graph, orders), at_least=self.period, at_most=_LONGEST * self.period, hint=starts
        )
        if result is None:
            return None
        incumbent.offer(found(graph, result, "greedy fill"))
        return result.period

    def _tasks(self, draw: _Draw) -> FreeTasks:
        arrays = self.graph.arrays
        source, target, lag = (
            np.concatenate(pair) for pair in zip(self._edges, self._quotas(draw), strict=True)
        )
        order = np.argsort(source, kind="stable")
        first = np.searchsorted(source[order], np.arange(arrays.node_count + 1)).astype(np.int64)
        waiting = np.bincount(target, minlength=arrays.node_count).astype(np.int64)
        waiting[arrays.job == 0] = -1
        bias = np.zeros(6)
        bias[: W + 1] = draw.bias * self._mean
        release = np.zeros(arrays.node_count, dtype=np.int64)
        for job, begin in enumerate(draw.begin.tolist(), start=1):
            release[arrays.job == job] = round(begin * self.period)
        return FreeTasks(
            first,
            target[order],
            lag[order],
            waiting,
            arrays.duration,
            arrays.device,
            self.graph.delta,
            bias[arrays.kind].astype(np.int64),
            (self._least_hold * draw.hold).astype(np.int64),
            release,
        )

    @cached_property
    def _edges(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Edges of height 0 among the secondary jobs' nodes."""
        graph = self.graph
        chosen = (graph.height == 0) & (graph.arrays.job[graph.source] > 0)
        return graph.source[chosen], graph.target[chosen], graph.weight[chosen]

    def _quotas(self, draw: _Draw) -> tuple[Int64Array, Int64Array, Int64Array]:
        """F of microbatch m waits for B of m - n, and for W of m - n', on every stage."""
        pairs: list[tuple[Int64Array, Int64Array]] = []
        arrays = self.graph.arrays
        for block in arrays.blocks:
            if block.job == 0 or block.kind != F:
                continue
            last = max(1, len(arrays.instance.jobs[block.job].stages) - 1)
            share = draw.in_flight * (1 - draw.slope * block.stage / last)
            count = max(1, round(share * block.size))
            pairs += self._after(block, B, count)
            if draw.more_before_w < 1:
                pairs += self._after(block, W, count + round(draw.more_before_w * block.size))
        source, target = (np.concatenate(column).astype(np.int64) for column in zip(*pairs, strict=True))
        return source, target, arrays.duration[source]

    def _after(self, block: Block, kind: int, count: int) -> list[tuple[Int64Array, Int64Array]]:
        other = self.graph.arrays.block(block.job, kind, block.stage, block.step)
        late = np.arange(count, block.size)
        return [] if other is None else [(other.first + late - count, block.first + late)]

    @cached_property
    def _pinned_starts(self) -> Int64Array:
        arrays = self.graph.arrays
        starts = np.zeros(arrays.node_count, dtype=np.int64)
        starts[: arrays.task_count] = primary_pins(arrays, self.step).clip(min=0)
        return starts

    @cached_property
    def _least_hold(self) -> Int64Array:
        """Least time from each claim to its release, shape (nodes,), in ticks."""
        arrays = self.graph.arrays
        hold = np.zeros(arrays.node_count, dtype=np.int64)
        for block in arrays.blocks:
            if block.kind in (F, B):
                own = least_hold(arrays.instance.jobs[block.job], block.stage)
                hold[block.first : block.first + block.size] = own[block.kind, B if block.kind == F else W]
        return hold

    def _idle_time(self, period: int) -> IdleTime:
        """Return what the primary leaves if it repeats its steps with this period."""
        if period not in self._idle:
            self._idle[period] = self._left_idle(period)
        return self._idle[period]

    def _left_idle(self, period: int) -> IdleTime:
        arrays, devices = self.graph.arrays, len(self.graph.instance.devices)
        rows = self.step.steps(arrays.steps[0])
        busy: list[list[tuple[int, int]]] = [[] for _ in range(devices)]
        for row in rows:
            busy[row.device].append((row.start % period, row.end - row.start))
        offset = np.array([min(own)[0] if own else 0 for own in busy], dtype=np.int64)
        gaps = [_gaps(sorted(own), period) for own in busy]
        free = np.bincount(arrays.device[: arrays.task_count], minlength=devices)
        slots = max(len(own) for own in gaps) + int(free.max()) + 1
        begin, end = np.zeros((2, devices, slots), dtype=np.int64)
        for device, own in enumerate(gaps):
            begin[device, : len(own)] = [gap[0] for gap in own]
            end[device, : len(own)] = [gap[1] for gap in own]
        count = np.array([len(own) for own in gaps], dtype=np.int64)
        levels = self._levels(offset, period)
        room = [
            _UNLIMITED if device.memory_capacity is None else device.memory_capacity
            for device in self.graph.instance.devices
        ]
        return IdleTime(begin, end, count, offset, *levels, np.array(room, dtype=np.int64))

    def _levels(self, offset: Int64Array, period: int) -> tuple[Int64Array, Int64Array, Int64Array]:
        """Times and levels of the memory that all residents and the primary take, and how many there are."""
        rows = self.step.steps(self.graph.arrays.steps[0])
        profiles = level_profiles(self.graph.instance, rows, period)
        width = max(map(len, profiles)) + 1
        times, levels = np.zeros((2, len(profiles), width), dtype=np.int64)
        counts = []
        for device, profile in enumerate(profiles):
            cut = int(offset[device])
            at = max(index for index, (time, _) in enumerate(profile) if time <= cut)
            turned = [(0, profile[at][1])]
            turned += [(time - cut, level) for time, level in profile[at + 1 :]]
            turned += [(time - cut + period, level) for time, level in profile[: at + 1] if time < cut]
            times[device, : len(turned)], levels[device, : len(turned)] = zip(*turned, strict=True)
            counts.append(len(turned))
        return times, levels, np.array(counts, dtype=np.int64)


def _gaps(busy: list[tuple[int, int]], period: int) -> list[tuple[int, int]]:
    """Return the idle intervals after the first task's start, one turn long."""
    if not busy:
        return [(0, period)]
    cut = busy[0][0]
    nexts = [start - cut for start, _ in busy[1:]] + [period]
    pairs = ((start - cut + length, then) for (start, length), then in zip(busy, nexts, strict=True))
    return [(begin, end) for begin, end in pairs if begin < end]
