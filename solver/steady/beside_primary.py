"""As many secondary steps as possible beside the primary: mode ``fill``, and ``joint`` with a slack.

Without given steps, numbers of steps are tried from the most that the bounds allow downwards: first each for
a moment by constructive schedules, then those that came closest, with all means.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np

from gapweave.models.errors import Infeasible
from gapweave.models.schedule import Schedule
from gapweave.solver.steady.candidate import Beside, Candidate, ratio
from gapweave.solver.steady.conclude import conclude, nothing_found
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.primary_step import primary_pins
from gapweave.solver.steady.ratio_bounds import BesidePrimary, RatioBound
from gapweave.solver.steady.retime import CyclicOrders, rings_of, timed
from gapweave.solver.steady.step_ratios import step_ratios
from gapweave.solver.stopping import Stopping

#: Share of the time in which every number of steps is tried by constructive schedules alone.
_FIRST_LOOK = 0.3
#: Share of the time that given steps may take; the rest is for others that would do.
_GIVEN_SHARE = 0.9
#: Most steps of the primary in a period, at first and later, with shares of the time that is left then.
_MOST_PRIMARY_STEPS = {4: 0.5, 8: 0.6, 16: 1.0}
#: More of them are tried only if nothing else was found.
_ENOUGH_PRIMARY_STEPS = 8
#: Share of the time for choosing between schedules of the primary that are equally good alone.
_PREVIEW_SHARE = 0.2
#: Share of the time for fewer steps in the same ratio, twice.
_LOWEST_TERMS_SHARE = 0.3
#: Combinations of more tasks are not tried, unless they are all that there is.
_MOST_TASKS = 20_000


class BesideSearch:
    """The search around one primary, for given numbers of steps or the best ones."""

    def __init__(self, problem: Beside) -> None:
        self.problem = problem
        self.instance = problem.instance
        self.tried: list[Candidate] = []
        self._limits = BesidePrimary(problem.instance, problem.pace, problem.pinned)

    def preview(self, steps: tuple[int, ...] | None, stopping: Stopping) -> None:
        """Have a first look, in a part of the time."""
        if steps is None:
            self._look(self._choices(self._ratio_bound()), stopping)
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
        if steps is not None:
            return self._given(steps, stopping)
        bound = self._ratio_bound()
        if bound.value <= 0:
            raise Infeasible(f"no step of the other jobs fits beside the primary: {_why(bound)}")
        if not self._choices(bound):
            fewest = -(-bound.value.denominator // bound.value.numerator)
            asked = ",".join(map(str, (fewest, *(1 for _ in self.instance.jobs[1:]))))
            problem = f"no step of the other jobs fits beside few steps of the primary: {_why(bound)}"
            raise nothing_found(stopping, f"{problem}; --steps {asked}, or more of the primary, may")
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
        return self._concluded(self._in_lowest_terms(best, stopping), stopping, bound)

    def _in_lowest_terms(self, best: Candidate, stopping: Stopping) -> Candidate:
        """Return as many steps per step of the primary in a shorter period, if they are found."""
        divisor = gcd(*best.steps)
        steps = tuple(count // divisor for count in best.steps)
        shorter = self._candidate(steps)
        if not shorter.is_met and not shorter.is_impossible and not stopping:
            shorter.start(stopping.share(_LOWEST_TERMS_SHARE))
            shorter.improve(stopping.share(_LOWEST_TERMS_SHARE))
        return shorter if shorter.is_met else best

    def _candidate(self, steps: tuple[int, ...]) -> Candidate:
        """Return what was tried with these steps, or a new one."""
        tried = (one for one in self.tried if one.steps == steps)
        return next(tried, None) or Candidate(self.problem, steps)

    def _nobody_beside(self, steps: tuple[int, ...], stopping: Stopping) -> Schedule:
        """The primary is the only job, so its own schedule is the result."""
        incumbent = Candidate(self.problem, steps).incumbent
        graph, period = incumbent.graph, steps[0] * self.problem.step.period
        starts = np.zeros(graph.arrays.node_count, dtype=np.int64)
        starts[: graph.arrays.task_count] = primary_pins(graph.arrays, self.problem.step)
        orders = CyclicOrders.read(graph, starts, period, np.zeros_like(graph.load))
        own = timed(graph, rings_of(graph, orders), at_least=period, at_most=period)
        assert own is not None
        incumbent.offer(found(graph, own, self.problem.primary.source))
        return self._as_schedule(incumbent, stopping, {})

    def _given(self, steps: tuple[int, ...], stopping: Stopping) -> Schedule:
        """Search with given steps only; where that fails, look for others that would do."""
        wanted = ",".join(map(str, steps))
        multiple = self._limits.bound([Fraction(count, steps[0]) for count in steps[1:]])
        if multiple.value < 1:
            raise Infeasible(
                f"--steps {wanted}: the other jobs' steps do not fit beside the primary's, which take "
                f"{self.problem.pace} each: at most {float(multiple.value):.3g} times as many, "
                f"by the {multiple.argument}"
            )
        candidate = self._candidate(steps)
        if candidate.is_impossible:
            raise Infeasible(
                f"--steps {wanted}: need a period of {candidate.incumbent.proven.value} at least, "
                f"the primary allows {candidate.allowed}"
            )
        candidate.start(stopping.share(_FIRST_LOOK))
        candidate.improve(stopping.share(_GIVEN_SHARE))
        if candidate.is_met:
            return self._concluded(candidate, stopping, None)
        if candidate.is_impossible:
            raise Infeasible(f"--steps {wanted}: do not fit beside the primary, proven by search")
        raise nothing_found(stopping, self._others(candidate, stopping))

    def _others(self, failed: Candidate, stopping: Stopping) -> str:
        """Say what was not found, and which steps would do."""
        wanted = ",".join(map(str, failed.steps))
        text = (
            f"no schedule was found for --steps {wanted} that keeps the primary's period {self.problem.pace}"
        )
        choices = [steps for steps in self._choices(self._ratio_bound()) if ratio(steps) < failed.ratio]
        self._look(choices, stopping)
        best = self._best()
        return text if best is None else f"{text}; --steps {','.join(map(str, best.steps))} would do"

    def _nothing(self) -> str:
        """Say that no steps of the others were found to fit, and of which it is proven."""
        impossible = [":".join(map(str, one.steps)) for one in self.tried if one.is_impossible]
        proven = f" (proven for {', '.join(impossible)})" if impossible else ""
        return (
            "no step of the other jobs was found to fit beside the primary, whose steps take "
            f"{self.problem.pace} each{proven}; in mode joint, with more slack, it may make room"
        )

    def _better(self, choices: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Leave out what was tried, and what is no better than what keeps the promise."""
        best, tried = self._best(), {one.steps for one in self.tried}
        return [
            steps for steps in choices if steps not in tried and (best is None or ratio(steps) > best.ratio)
        ]

    def _ratio_bound(self) -> RatioBound:
        return self._limits.bound([Fraction(1)] * (len(self.instance.jobs) - 1))

    def _choices(self, bound: RatioBound, most_primary: int = _ENOUGH_PRIMARY_STEPS) -> list[tuple[int, ...]]:
        """Return the steps that are worth a try, the most secondary ones first."""
        largest = max(job.task_count for job in self.instance.jobs)
        return step_ratios(len(self.instance.jobs), bound.value, most_primary, largest, _MOST_TASKS)

    def _look(self, choices: Sequence[tuple[int, ...]], stopping: Stopping) -> None:
        """Construct schedules, halving the choices, which begin with the most secondary steps, each time."""
        first, end = 0, len(choices)
        while first < end and not stopping:
            middle = (first + end) // 2
            candidate = Candidate(self.problem, choices[middle])
            candidate.start(stopping.share(1 / (end - first).bit_length()))
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
        order = sorted(waiting, key=lambda steps: (waiting[steps], ratio(steps)))
        while order and not stopping:
            steps = order.pop(0)
            best = self._best()
            if best is not None and ratio(steps) <= best.ratio:
                continue
            share = stopping.share(1 / (len(order) + 1))
            candidate = known.get(steps)
            if candidate is None:
                candidate = Candidate(self.problem, steps)
                self.tried.append(candidate)
            candidate.improve(share)

    def _best(self) -> Candidate | None:
        met = (one for one in self.tried if one.is_met)
        return max(met, key=lambda one: (one.ratio, -one.steps[0]), default=None)

    def _concluded(self, best: Candidate, stopping: Stopping, bound: RatioBound | None) -> Schedule:
        if not self.problem.is_pinned and not stopping:
            best.shorten(stopping)
        notes = {} if bound is None else {"steps_ratio": self._notes(best, bound)}
        return self._as_schedule(best.incumbent, stopping, notes)

    def _as_schedule(self, incumbent: SteadyIncumbent, stopping: Stopping, notes: dict[str, Any]) -> Schedule:
        own = self.problem
        return conclude(incumbent, own.options, stopping, primary=own.primary, pinned=own.pinned, notes=notes)

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


def _why(bound: RatioBound) -> str:
    return f"at most {float(bound.value):.3g} per step of it, by the {bound.argument}"
