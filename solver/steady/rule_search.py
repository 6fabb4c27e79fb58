"""Search over dispatch rules: list schedules of several periods, guided by stream plans."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from gapweave.models.task_arrays import B, F, FloatArray, Int64Array
from gapweave.solver.steady.cyclic_rules import CyclicRule, CyclicRules
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found, orders_of
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.repeated_lists import RepeatedLists
from gapweave.solver.steady.retime import NEVER, Timed, rings_of, timed
from gapweave.solver.steady.stream_plan import StreamPlan
from gapweave.solver.stopping import Stopping

#: Tasks placed in one search over all its list schedules, and rules without success that end it.
_TASKS_PLACED = 16_000_000
_FRUITLESS = 300
#: Rules that are changed further; periods beyond the best one's that a rule may have to be among them.
_KEPT = 6
_TOLERANCE = 1.1


class RuleSearch:
    """Tries first the usual rules, then random ones and changes of the best ones."""

    def __init__(self, graph: CyclicGraph, incumbent: SteadyIncumbent, seed: int) -> None:
        self.graph = graph
        self.incumbent = incumbent
        self._rules = CyclicRules(graph, incumbent.proven.value, seed)
        self._lists = RepeatedLists(graph)
        self._kept: list[tuple[int, CyclicRule]] = []

    def run_usual(self, stopping: Stopping) -> None:
        """Offer schedules of the usual rules, until the bound is met or time is up."""
        for rule in self._rules.usual():
            if stopping or self.incumbent.is_optimal:
                return
            self._try_all([rule])

    def run(self, stopping: Stopping, threads: int) -> None:
        """Offer schedules until the bound is met, time is up, or nothing better turns up."""
        fruitless, effort = 0, 0
        while fruitless < _FRUITLESS and effort < _TASKS_PLACED:
            if stopping or self.incumbent.is_optimal:
                return
            good = [rule for _, rule in self._kept]
            rules = [self._rules.next_one(good) for _ in range(threads)]
            effort += sum(self._lists.effort * (1 + rule.repeats) for rule in rules)
            fruitless = 0 if self._try_all(rules) else fruitless + threads

    def _try_all(self, rules: Sequence[CyclicRule]) -> bool:
        """Offer what some rules give, each in its thread; returns whether one is better than all before."""
        before = self.incumbent.period
        if len(rules) == 1:
            periods = [self._try(rules[0])]
        else:
            with ThreadPoolExecutor(len(rules)) as pool:
                periods = list(pool.map(self._try, rules))
        tried = [pair for pair in zip(periods, rules, strict=True) if pair[0] < NEVER]
        self._kept = sorted([*self._kept, *tried], key=lambda pair: pair[0])[:_KEPT]
        return self.incumbent.period != before

    def _try(self, rule: CyclicRule) -> int:
        """Offer what a rule gives; returns its least period, `NEVER` if there is none worth a look."""
        best = NEVER
        for starts, period in self._schedules(rule):
            orders = orders_of(self.graph, Timed(period, starts))
            if not fits(self.graph, orders):
                continue
            limit = self.incumbent.period
            result = timed(
                self.graph,
                rings_of(self.graph, orders),
                at_least=self.incumbent.proven.value,
                at_most=NEVER if limit is None else int(limit * _TOLERANCE),
                hint=starts,
            )
            if result is not None:
                best = min(best, result.period)
                self.incumbent.offer(found(self.graph, result, "cyclic lists"))
                if self.incumbent.is_optimal:
                    break
        return best

    def _schedules(self, rule: CyclicRule) -> Iterator[tuple[Int64Array, int]]:
        least = self.incumbent.proven.value
        plan = StreamPlan(self.graph.arrays, rule.sequence, least)
        times: FloatArray = plan.times(rule.way_back, rule.weight_delay)
        limits, period, holding = self._limits(rule, plan, times), least, False
        for _ in range(1 + rule.repeats):
            made = self._lists.run(
                times, period, limits, rule.patience, reserving=rule.reserving, holding=holding
            )
            if made is None:
                return
            yield made
            times = made[0].astype(float)
            if holding or rule.slack is None:
                period = max(least, period if holding else 0, made[1])
            else:
                period, holding = int(max(least, made[1]) * (1 + rule.slack)), True

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
