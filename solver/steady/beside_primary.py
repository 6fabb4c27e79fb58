"""As many secondary steps as possible beside the primary: mode ``fill``, and ``joint`` with a slack.

Without given steps, numbers of steps are tried from the most that the bounds allow downwards: first each for
a moment by constructive schedules, then those that came closest, with all means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from gapweave.models.errors import Infeasible
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound, Primary, Schedule
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.incumbent import OnProgress, Progress
from gapweave.solver.options import Options
from gapweave.solver.steady.conclude import conclude, nothing_found
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.cyclic_fill import CyclicFill
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.primary_step import PrimaryStep, primary_pins
from gapweave.solver.steady.ratio_bounds import BesidePrimary, RatioBound
from gapweave.solver.steady.retime import CyclicOrders, Timed, rings_of, timed
from gapweave.solver.steady.step_ratios import step_ratios
from gapweave.solver.stopping import Stopping

#: Share of the time in which every number of steps is tried by constructive schedules alone.
_FIRST_LOOK = 0.3
#: Most steps of the primary in a period, at first and later, with shares of the time that is left then.
_MOST_PRIMARY_STEPS = {4: 0.5, 8: 0.6, 16: 1.0}
#: More of them are tried only if nothing else was found.
_ENOUGH_PRIMARY_STEPS = 8
#: Share of the time for choosing between schedules of the primary that are equally good alone.
_PREVIEW_SHARE = 0.2
#: Combinations of more tasks are not tried, unless they are all that there is.
_MOST_TASKS = 20_000
#: Above this many free tasks CP-SAT is not asked whether they fit; its share of the time otherwise.
_MOST_TASKS_TO_DECIDE, _DECIDE_SHARE = 1_500, 0.7
#: Share of a first look in mode ``joint`` before the primary's own schedule is filled.
_CONSTRUCT_SHARE = 0.5
#: Greedy fills in a row without a better one, after which it is another one's turn.
_FRUITLESS_FILLS = 2_000

Improve = Callable[[CyclicGraph, SteadyIncumbent, Options, Stopping], None]


@dataclass
class Candidate:
    """One number of steps of each job, and the best schedule for it so far."""

    steps: tuple[int, ...]
    incumbent: SteadyIncumbent
    fill: CyclicFill
    allowed: int
    is_impossible: bool = False

    @property
    def ratio(self) -> Fraction:
        """Secondary steps per step of the primary."""
        return Fraction(sum(self.steps[1:]), self.steps[0])

    @property
    def is_met(self) -> bool:
        """Whether the primary keeps its promise."""
        return self.incumbent.period is not None and self.incumbent.period <= self.allowed

    @property
    def excess(self) -> float:
        """The best period as a multiple of the allowed one."""
        return float("inf") if self.incumbent.period is None else self.incumbent.period / self.allowed


@dataclass(eq=False)
class BesideSearch:
    """The search around one primary.

    Attributes
    ----------
    pace
        Ticks that each step of the primary may take.
    pinned
        Its step, in mode ``fill``.
    """

    instance: Instance
    step: PrimaryStep
    primary: Primary
    pinned: PrimaryStep | None
    options: Options
    on_progress: OnProgress | None
    improve: Improve
    tried: list[Candidate] = field(default_factory=list)

    @property
    def pace(self) -> int:
        """Ticks that each step of the primary may take."""
        return self.primary.limit

    def preview(self, steps: tuple[int, ...] | None, stopping: Stopping) -> None:
        """Have a first look, in a part of the time."""
        if steps is None:
            bound = self._ratio_bound(BesidePrimary(self.instance, self.pace, self.pinned))
            self._look(self._choices(bound), stopping)
        else:
            self._look([steps], stopping)

    @property
    def promise(self) -> tuple[float, float]:
        """How good this primary looks, the larger the better: steps beside it, or how close they came."""
        best = self._best()
        if best is not None:
            return float(best.ratio), 0.0
        return 0.0, -min((one.excess for one in self.tried), default=float("inf"))

    def run(self, steps: tuple[int, ...] | None, stopping: Stopping) -> Schedule:
        """Find the best schedule; raises Infeasible, NothingFound or Interrupted."""
        if len(self.instance.jobs) == 1:
            return self._nobody_beside(steps or (1,), stopping)
        beside = BesidePrimary(self.instance, self.pace, self.pinned)
        if steps is not None:
            return self._given(steps, beside, stopping)
        bound = self._ratio_bound(beside)
        if not self._choices(bound):
            raise Infeasible(f"no step of the other jobs fits beside the primary: {_why(bound)}")
        for most_primary, share in _MOST_PRIMARY_STEPS.items():
            if self._best() is not None and most_primary > _ENOUGH_PRIMARY_STEPS:
                break
            own = stopping.share(share)
            choices = self._better(self._choices(bound, most_primary))
            self._look(choices, own.share(_FIRST_LOOK))
            self._insist(choices, own)
        best = self._best()
        if best is None:
            raise nothing_found(stopping, self._nothing())
        return self._concluded(best, stopping, bound)

    def _nobody_beside(self, steps: tuple[int, ...], stopping: Stopping) -> Schedule:
        """The primary is the only job, so its own schedule is the result."""
        incumbent = self._candidate(steps).incumbent
        graph, period = incumbent.graph, steps[0] * self.step.period
        starts = np.zeros(graph.arrays.node_count, dtype=np.int64)
        starts[: graph.arrays.task_count] = primary_pins(graph.arrays, self.step)
        orders = CyclicOrders.read(graph, starts, period, np.zeros_like(graph.load))
        own = timed(graph, rings_of(graph, orders), at_least=period, at_most=period)
        assert own is not None
        incumbent.offer(found(graph, own, self.primary.source))
        return conclude(incumbent, self.options, stopping, primary=self.primary, pinned=self.pinned)

    def _given(self, steps: tuple[int, ...], beside: BesidePrimary, stopping: Stopping) -> Schedule:
        """Search with given steps only; where that fails, look for others that would do."""
        multiple = beside.bound([Fraction(count, steps[0]) for count in steps[1:]])
        if multiple.value < 1:
            wanted = ",".join(map(str, steps))
            raise Infeasible(
                f"--steps {wanted}: the other jobs' steps do not fit beside the primary's, which take "
                f"{self.pace} each: at most {float(multiple.value):.3g} times as many, "
                f"by the {multiple.argument}"
            )
        known = (one for one in self.tried if one.steps == steps)
        candidate = next(known, None) or self._candidate(steps)
        if candidate.incumbent.proven.value > candidate.allowed:
            raise Infeasible(
                f"--steps {','.join(map(str, steps))}: need a period of {candidate.incumbent.proven.value} "
                f"at least, the primary allows {candidate.allowed}"
            )
        self._start(candidate, stopping.share(_FIRST_LOOK))
        self._improve(candidate, stopping.share(0.9))
        if candidate.is_met:
            return self._concluded(candidate, stopping, None)
        if candidate.is_impossible:
            raise Infeasible(
                f"--steps {','.join(map(str, steps))}: do not fit beside the primary, proven by search"
            )
        raise nothing_found(stopping, self._others(candidate, beside, stopping))

    def _others(self, failed: Candidate, beside: BesidePrimary, stopping: Stopping) -> str:
        """Say what was not found, and which steps would do."""
        wanted = ",".join(map(str, failed.steps))
        text = f"no schedule was found for --steps {wanted} that keeps the primary's period {self.pace}"
        choices = [
            steps for steps in self._choices(self._ratio_bound(beside)) if _ratio(steps) < failed.ratio
        ]
        self._look(choices, stopping)
        best = self._best()
        return text if best is None else f"{text}; --steps {','.join(map(str, best.steps))} would do"

    def _nothing(self) -> str:
        """Say that no steps of the others were found to fit, and of which it is proven."""
        impossible = [":".join(map(str, one.steps)) for one in self.tried if one.is_impossible]
        proven = f" (proven for {', '.join(impossible)})" if impossible else ""
        return (
            f"no step of the other jobs was found to fit beside the primary, whose steps take {self.pace} "
            f"each{proven}; in mode joint, with more slack, it may make room"
        )

    def _better(self, choices: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Leave out what was tried, and what is no better than what keeps the promise."""
        best, tried = self._best(), {one.steps for one in self.tried}
        return [
            steps for steps in choices if steps not in tried and (best is None or _ratio(steps) > best.ratio)
        ]

    def _ratio_bound(self, beside: BesidePrimary) -> RatioBound:
        return beside.bound([Fraction(1)] * (len(self.instance.jobs) - 1))

    def _choices(self, bound: RatioBound, most_primary: int = _ENOUGH_PRIMARY_STEPS) -> list[tuple[int, ...]]:
        """Return the steps that are worth a try, the most secondary ones first."""
        largest = max(job.task_count for job in self.instance.jobs)
        return step_ratios(len(self.instance.jobs), bound.value, most_primary, largest, _MOST_TASKS)

    def _look(self, choices: Sequence[tuple[int, ...]], stopping: Stopping) -> None:
        """Construct schedules, halving the choices, which begin with the most secondary steps, each time."""
        first, end = 0, len(choices)
        while first < end and not stopping:
            middle = (first + end) // 2
            candidate = self._candidate(choices[middle])
            self._start(candidate, stopping.share(1 / (end - first).bit_length()))
            self.tried.append(candidate)
            if candidate.is_met:
                end = middle
            else:
                first = middle + 1

    def _insist(self, choices: Sequence[tuple[int, ...]], stopping: Stopping) -> None:
        """Improve what came closest to the promise, as long as it would be better than what keeps it."""
        known = {one.steps: one for one in self.tried}
        waiting = {steps: one.excess for steps, one in known.items() if not one.is_impossible}
        waiting |= {steps: float("inf") for steps in choices if steps not in known}
        order = sorted(waiting, key=lambda steps: (waiting[steps], _ratio(steps)))
        while order and not stopping:
            steps = order.pop(0)
            best = self._best()
            if best is not None and _ratio(steps) <= best.ratio:
                continue
            share = stopping.share(1 / (len(order) + 1))
            candidate = known.get(steps)
            if candidate is None:
                candidate = self._candidate(steps)
                self.tried.append(candidate)
            self._improve(candidate, share)

    def _best(self) -> Candidate | None:
        met = (one for one in self.tried if one.is_met)
        return max(met, key=lambda one: (one.ratio, -one.steps[0]), default=None)

    def _candidate(self, steps: tuple[int, ...]) -> Candidate:
        """Pose the problem for these steps; in mode ``joint`` also that of filling, which gives a start."""
        allowed = steps[0] * self.pace
        pins = primary_pins(TaskArrays.build(self.instance, steps), self.step)
        pinned = CyclicGraph.build(self.instance, steps, pins)
        fill = CyclicFill(pinned, self.step, self.options.seed)
        if self.pinned is not None:
            bound = ProvenBound(allowed, Bound(argument="pinned-primary"))
            return Candidate(steps, SteadyIncumbent(pinned, Stopping(), bound, enough=allowed), fill, allowed)
        graph = CyclicGraph.build(self.instance, steps)
        incumbent = SteadyIncumbent(graph, Stopping(), period_bound(self.instance, steps), enough=allowed)
        return Candidate(steps, incumbent, fill, allowed)

    def _start(self, candidate: Candidate, stopping: Stopping) -> None:
        self._listen(candidate, stopping)
        if self.pinned is None:
            share = stopping.share(_CONSTRUCT_SHARE)
            construct(candidate.incumbent.graph, candidate.incumbent, share, self.options.seed)
        candidate.incumbent.enter("greedy fill")
        candidate.fill.run(candidate.incumbent, stopping, _FRUITLESS_FILLS)

    def _improve(self, candidate: Candidate, stopping: Stopping) -> None:
        self._listen(candidate, stopping)
        if self.pinned is not None and not candidate.is_met:
            self._decide(candidate, self.pinned, stopping.share(_DECIDE_SHARE))
        if not candidate.is_impossible and candidate.incumbent.best is None:
            self._start(candidate, stopping.share(_FIRST_LOOK))
        if not candidate.is_impossible:
            self.improve(candidate.incumbent.graph, candidate.incumbent, self.options, stopping)

    def _decide(self, candidate: Candidate, pinned: PrimaryStep, stopping: Stopping) -> None:
        """Let CP-SAT find out whether the steps fit, if they are few enough."""
        incumbent = candidate.incumbent
        arrays = incumbent.graph.arrays
        if int((arrays.job[: arrays.task_count] > 0).sum()) > _MOST_TASKS_TO_DECIDE or stopping:
            return
        from gapweave.solver.steady.fill_model import FillModel, search_fill  # OR-Tools takes a while to load

        incumbent.enter("cp-sat")
        model = FillModel(incumbent.graph, pinned)
        if incumbent.best is not None:
            model.hint(incumbent.best.timed.starts)
        own = self.options
        starts, candidate.is_impossible = search_fill(
            model, stopping, workers=own.threads, seed=own.seed, work_limit=own.work_limit
        )
        if starts is not None:
            incumbent.offer(found(incumbent.graph, Timed(model.period, starts), "cp-sat"))

    def _listen(self, candidate: Candidate, stopping: Stopping) -> None:
        """Let the candidate report to who wants to know, with its steps in the phase's name."""
        candidate.incumbent.stopping = stopping
        listener = self.on_progress
        if listener is not None:
            name = ":".join(map(str, candidate.steps))

            def report(progress: Progress) -> None:
                listener(replace(progress, phase=f"steps {name}, {progress.phase}"))

            candidate.incumbent.on_progress = report

    def _concluded(self, best: Candidate, stopping: Stopping, bound: RatioBound | None) -> Schedule:
        if self.pinned is None and not stopping:
            best.incumbent.enough = None
            self._improve(best, stopping)
        notes = {} if bound is None else {"steps_ratio": self._notes(best, bound)}
        return conclude(
            best.incumbent, self.options, stopping, primary=self.primary, pinned=self.pinned, notes=notes
        )

    def _notes(self, best: Candidate, bound: RatioBound) -> dict[str, Any]:
        """Return what is known about the number of secondary steps per step of the primary."""
        count = len(self.instance.jobs) - 1
        better = [one for one in self.tried if one.ratio > best.ratio]
        return {
            "reached": float(best.ratio / count),
            "at_most": float(bound.value),
            "by": bound.argument,
            "impossible": [list(one.steps) for one in better if one.is_impossible],
            "not_found": [list(one.steps) for one in better if not one.is_impossible],
        }


def most_promising(
    searches: Sequence[BesideSearch], steps: tuple[int, ...] | None, stopping: Stopping
) -> BesideSearch:
    """Return the search around the primary beside which most steps fit at first sight."""
    if len(searches) == 1 or len(searches[0].instance.jobs) == 1:
        return searches[0]
    share = stopping.share(_PREVIEW_SHARE)
    for number, search in enumerate(searches):
        search.preview(steps, share.share(1 / (len(searches) - number)))
    return max(searches, key=lambda search: search.promise)


def _ratio(steps: tuple[int, ...]) -> Fraction:
    return Fraction(sum(steps[1:]), steps[0])


def _why(bound: RatioBound) -> str:
    return f"at most {float(bound.value):.3g} per step of it, by the {bound.argument}"
