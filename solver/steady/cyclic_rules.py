"""Periodic schedules by dispatch rules: list schedules guided by stream plans, under searched parameters."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gapweave.models.task_arrays import B, F, Int64Array
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found, orders_of
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.repeated_lists import RepeatedLists
from gapweave.solver.steady.retime import Timed, rings_of, timed
from gapweave.solver.steady.sequence import MicrobatchSequence, sequences, spread_evenly
from gapweave.solver.steady.stream import shares_one_path
from gapweave.solver.steady.stream_plan import FloatArray, StreamPlan
from gapweave.solver.stopping import Stopping

#: Tasks placed in one search over all its list schedules, and rules without success that end it.
_TASKS_PLACED = 8_000_000
_FRUITLESS = 150
#: Rules that are changed further; periods beyond the best one's that a rule may have to be among them.
_KEPT = 6
_CHANGED_SHARE = 0.6
_TOLERANCE = 1.1
_NEVER = 2**50


@dataclass(frozen=True, eq=False)
class CyclicRule:
    """Parameters of a periodic list schedule.

    Attributes
    ----------
    sequence
        In which order microbatches enter.
    shares, phases
        What the sequence was made of, see `spread_evenly`; empty if it is another one.
    way_back, weight_delay
        Delays of B, per job, and of W, see `StreamPlan.times`.
    trips
        Per job: microbatches in flight on a stage, as a multiple of what the plan has; None: any number.
    patience
        Per kind, see `gapweave.solver.list_scheduler.ListScheduler.run`.
    repeats
        How often the times of a schedule are the priorities of another one: it repeats itself better.
    reserving
        Whether each forward leaves the other stages room; else jobs on different paths can deadlock.
    """

    sequence: MicrobatchSequence
    way_back: tuple[float, ...]
    weight_delay: float
    trips: tuple[float | None, ...]
    patience: tuple[float, ...]
    repeats: int = 0
    reserving: bool = False
    shares: tuple[float, ...] = ()
    phases: tuple[float, ...] = ()


class RuleSearch:
    """Tries first some usual rules, then random ones and changes of the best ones."""

    def __init__(self, graph: CyclicGraph, incumbent: SteadyIncumbent, seed: int) -> None:
        self.graph = graph
        self.incumbent = incumbent
        self._random = random.Random(seed)
        self._lists = RepeatedLists(graph)
        self._may_deadlock = not shares_one_path(graph) and any(room is not None for room in graph.room)
        self._sequences = sequences(graph.arrays)
        self._way_back = max(1.0, self._plan(self._sequences[0]).way_back_in_memory(graph.room))
        self._kept: list[tuple[int, CyclicRule]] = []

    def run_usual(self, stopping: Stopping) -> None:
        """Offer schedules of the usual rules, until the bound is met or time is up."""
        for rule in self._usual():
            if stopping or self.incumbent.is_optimal:
                return
            self._try(rule)

    def run(self, stopping: Stopping) -> None:
        """Offer schedules until the bound is met, time is up, or nothing better turns up."""
        fruitless, effort = 0, 0
        while fruitless < _FRUITLESS and effort < _TASKS_PLACED:
            if stopping or self.incumbent.is_optimal:
                return
            again = self._kept and self._random.random() < _CHANGED_SHARE
            rule = self._changed(self._random.choice(self._kept)[1]) if again else self._drawn()
            effort += self._lists.effort * (1 + rule.repeats)
            fruitless = 0 if self._try(rule) else fruitless + 1

    def _usual(self) -> Iterator[CyclicRule]:
        """Whole streams with some delay on the way back, more or less impatient."""
        jobs = len(self.graph.instance.jobs)
        for share in (1.0, 0.5, 0.25):
            for patience in (0.5, 0.0):
                for sequence in self._sequences:
                    way_back = (share * self._way_back,) * jobs
                    yield CyclicRule(
                        sequence, way_back, 0.0, (None,) * jobs, (patience,) * 3, 1, self._may_deadlock
                    )

    def _drawn(self) -> CyclicRule:
        draw = self._random
        jobs = range(len(self.graph.instance.jobs))
        patience = draw.choice((0.0, 0.5, draw.uniform(0, 1), draw.uniform(0, 1)))
        way_back = draw.uniform(0, 1.5)
        rule = CyclicRule(
            sequence=draw.choice(self._sequences),
            way_back=tuple(
                self._way_back * (way_back if draw.random() < 0.7 else draw.uniform(0, 1.5)) for _ in jobs
            ),
            weight_delay=draw.choice((0.0, draw.uniform(0, 3), draw.uniform(0, 10))),
            trips=tuple(draw.choice((None, draw.uniform(0.8, 2))) for _ in jobs),
            patience=(patience, patience, draw.choice((0.0, patience))),
            repeats=draw.choice((0, 0, 1, 2)),
            reserving=self._may_deadlock and draw.random() < 0.5,
        )
        if draw.random() < 0.6:
            return rule
        return self._spread(rule, [draw.uniform(0.3, 1.0) for _ in jobs], [draw.random() for _ in jobs])

    def _spread(self, rule: CyclicRule, shares: Sequence[float], phases: Sequence[float]) -> CyclicRule:
        sequence = spread_evenly(self.graph.arrays, shares, phases)
        return replace(rule, sequence=sequence, shares=tuple(shares), phases=tuple(phases))

    def _changed(self, rule: CyclicRule) -> CyclicRule:
        """Change about half of a rule's parameters a little."""
        draw = self._random

        def moved(value: float, spread: float) -> float:
            return max(0.0, value + draw.gauss(0, spread)) if draw.random() < 0.5 else value

        changed = replace(
            rule,
            way_back=tuple(moved(delay, 1.0) for delay in rule.way_back),
            weight_delay=moved(rule.weight_delay, 0.5),
            trips=tuple(trip if trip is None else moved(trip, 0.1) for trip in rule.trips),
            patience=tuple(moved(share, 0.15) for share in rule.patience),
            repeats=draw.choice((rule.repeats, 0, 1, 2)),
        )
        if not rule.shares:
            return changed
        shares = [min(1.0, moved(share, 0.05)) for share in rule.shares]
        return self._spread(changed, shares, [moved(phase, 0.05) % 1.0 for phase in rule.phases])

    def _try(self, rule: CyclicRule) -> bool:
        """Offer what a rule gives; returns whether it is better than all before."""
        better, best = False, _NEVER
        for starts, period in self._schedules(rule):
            orders = orders_of(self.graph, Timed(period, starts))
            if not fits(self.graph, orders):
                continue
            limit = self.incumbent.period
            result = timed(
                self.graph,
                rings_of(self.graph, orders),
                at_least=self.incumbent.proven.value,
                at_most=_NEVER if limit is None else int(limit * _TOLERANCE),
                hint=starts,
            )
            if result is not None:
                best = min(best, result.period)
                better |= self.incumbent.offer(found(self.graph, result, "cyclic lists"))
                if self.incumbent.is_optimal:
                    break
        if best < _NEVER:
            self._kept = sorted([*self._kept, (best, rule)], key=lambda pair: pair[0])[:_KEPT]
        return better

    def _schedules(self, rule: CyclicRule) -> Iterator[tuple[Int64Array, int]]:
        least = self.incumbent.proven.value
        plan = self._plan(rule.sequence)
        times: FloatArray = plan.times(rule.way_back, rule.weight_delay)
        limits, period = self._limits(rule, plan, times), least
        for _ in range(1 + rule.repeats):
            made = self._lists.run(times, period, limits, rule.patience, reserving=rule.reserving)
            if made is None:
                return
            yield made
            times, period = made[0].astype(float), max(least, made[1])

    def _plan(self, sequence: MicrobatchSequence) -> StreamPlan:
        return StreamPlan(self.graph.arrays, sequence, self.incumbent.proven.value)

    def _limits(self, rule: CyclicRule, plan: StreamPlan, times: FloatArray) -> dict[tuple[int, int], int]:
        arrays = self.graph.arrays
        limits = {}
        for job, trips in enumerate(rule.trips):
            for stage in range(len(arrays.instance.jobs[job].stages) if trips is not None else 0):
                forward, backward = arrays.block(job, F, stage), arrays.block(job, B, stage)
                assert trips is not None
                assert forward is not None
                assert backward is not None
                out = times[backward.first] + backward.duration - times[forward.first]
                limits[job, stage] = max(1, round(trips * out / plan.unit + 0.5))
        return limits
