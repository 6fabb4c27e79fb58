"""Dispatch rules of periodic list schedules: usual ones, random ones, and changes of good ones."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gapweave.solver.one_path import share_one_path
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.sequence import MicrobatchSequence, sequences, spread_evenly
from gapweave.solver.steady.stream_plan import StreamPlan

#: How often a good rule is changed, rather than a new one drawn.
_CHANGED_SHARE = 0.6
#: A usual slack.
_SLACK = 0.0003


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
    slack
        If given, no task of those other schedules starts before that time, in periods longer by this share:
        then they repeat themselves best.
    reserving
        Whether each forward leaves the other stages room; else jobs on different paths can deadlock.
    """

    sequence: MicrobatchSequence
    way_back: tuple[float, ...]
    weight_delay: float
    trips: tuple[float | None, ...]
    patience: tuple[float, ...]
    repeats: int = 0
    slack: float | None = None
    reserving: bool = False
    shares: tuple[float, ...] = ()
    phases: tuple[float, ...] = ()


class CyclicRules:
    """Makes rules for one graph, the same ones for the same seed.

    Parameters
    ----------
    graph
        The tasks of one period.
    period
        Ticks after which plans repeat.
    seed
        Of the random choices.
    """

    def __init__(self, graph: CyclicGraph, period: int, seed: int) -> None:
        self.graph = graph
        self._random = random.Random(seed)
        self._sequences = sequences(graph.arrays)
        plan = StreamPlan(graph.arrays, self._sequences[0], period)
        self._way_back = max(1.0, plan.way_back_in_memory(graph.room))
        is_limited = any(room is not None for room in graph.room)
        self._may_deadlock = is_limited and not share_one_path(graph.instance)

    def usual(self) -> Iterator[CyclicRule]:
        """Whole streams with some delay on the way back, more or less impatient."""
        jobs = len(self.graph.instance.jobs)
        for share in (1.0, 0.5, 0.25):
            for patience, repeats, slack in ((0.5, 1, None), (0.0, 3, _SLACK), (0.0, 4, 0.0)):
                for sequence in self._sequences:
                    yield CyclicRule(
                        sequence=sequence,
                        way_back=(share * self._way_back,) * jobs,
                        weight_delay=0.0,
                        trips=(None,) * jobs,
                        patience=(patience,) * 3,
                        repeats=repeats,
                        slack=slack,
                        reserving=self._may_deadlock,
                    )

    def drawn(self) -> CyclicRule:
        """Draw a rule at random."""
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
            repeats=draw.choice((0, 1, 2, 3)),
            slack=draw.choice((None, 0.0, _SLACK, 4 * _SLACK)),
            reserving=self._may_deadlock and draw.random() < 0.5,
        )
        if draw.random() < 0.6:
            return rule
        return self._spread(rule, [draw.uniform(0.3, 1.0) for _ in jobs], [draw.random() for _ in jobs])

    def next_one(self, good: Sequence[CyclicRule]) -> CyclicRule:
        """Change one of some good rules, or draw a new one."""
        if good and self._random.random() < _CHANGED_SHARE:
            return self.changed(self._random.choice(good))
        return self.drawn()

    def _spread(self, rule: CyclicRule, shares: Sequence[float], phases: Sequence[float]) -> CyclicRule:
        sequence = spread_evenly(self.graph.arrays, shares, phases)
        return replace(rule, sequence=sequence, shares=tuple(shares), phases=tuple(phases))

    def changed(self, rule: CyclicRule) -> CyclicRule:
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
            repeats=draw.choice((rule.repeats, 1, 2, 3)),
            slack=rule.slack if rule.slack is None else moved(rule.slack, _SLACK),
        )
        if not rule.shares:
            return changed
        shares = [min(1.0, moved(share, 0.05)) for share in rule.shares]
        return self._spread(changed, shares, [moved(phase, 0.05) % 1.0 for phase in rule.phases])
