"""Solving agrees with exhaustive search: on the optimum, and on whether there is a schedule at all."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor

import pytest
from brute_force import least_makespan
from tiny_instances import FEATURES, MOST_TASKS, TinyCase, tiny_case

from gapweave.models.errors import Infeasible, NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary
from gapweave.models.task import Task
from gapweave.models.verify import verify
from gapweave.solver.cpsat import improve_and_prove
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import alone
from gapweave.solver.problem import Problem
from gapweave.solver.solve import solve
from gapweave.solver.stopping import Stopping

CASES = 420
CHUNK = 20
LEAST_PER_FEATURE = 60


@dataclass(frozen=True)
class Answer:
    """What exhaustive search says about a tiny case."""

    case: TinyCase

    @cached_property
    def is_feasible(self) -> bool:
        return least_makespan(self.case.instance) is not None

    @cached_property
    def primary(self) -> Primary | None:
        """What the mode promises to the primary; raises NotApplicable if the policy cannot schedule it."""
        instance = self.case.instance
        if self.case.mode == "fill":
            return alone(instance, 0, heuristic(self.case.policy)).as_primary()
        if self.case.slack is None:
            return None
        best = least_makespan(instance.with_jobs(0))
        assert best is not None
        limit = floor((1 + Fraction(str(self.case.slack))) * best)
        return Primary(source="brute force", makespan=best, limit=limit)

    @cached_property
    def applies(self) -> bool:
        """Whether the primary can be scheduled at all under the case's policy."""
        try:
            return self.primary is None or self.primary.limit > 0
        except NotApplicable:
            return False

    @cached_property
    def makespan(self) -> int | None:
        primary = self.primary
        if primary is None:
            return least_makespan(self.case.instance)
        pinned = {Task(0, 0, kind, s, m): start for kind, s, m, start in primary.tasks or ()}
        return least_makespan(self.case.instance, pinned, None if pinned else primary.limit)


def solved(case: TinyCase) -> int:
    """The proven optimum, of a schedule that keeps every rule."""
    schedule = solve(
        case.instance,
        mode=case.mode,
        primary=case.policy if case.mode == "fill" else None,
        primary_slack=case.slack,
        workers=1,
        time_limit=20,
    )
    assert verify(schedule) == []
    assert schedule.status == "optimal"
    return schedule.makespan


def proven_by_cp_sat_alone(problem: Problem) -> int | None:
    """The optimum by CP-SAT with no schedule to begin with."""
    stopping = Stopping(20.0)
    incumbent = Incumbent(problem, stopping)
    improve_and_prove(problem, incumbent, stopping, workers=1, seed=0)
    assert incumbent.is_optimal
    return incumbent.makespan


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_solving_agrees_with_exhaustive_search(first: int) -> None:
    for seed in range(first, first + CHUNK):
        answer = Answer(tiny_case(seed))
        if not answer.is_feasible:
            with pytest.raises(Infeasible):
                solved(answer.case)
        elif not answer.applies:
            with pytest.raises(NotApplicable):
                solved(answer.case)
        else:
            assert solved(answer.case) == answer.makespan, f"seed {seed}"


@pytest.mark.parametrize("first", range(0, CASES, 3 * CHUNK))
def test_cp_sat_alone_agrees_with_exhaustive_search(first: int) -> None:
    for seed in range(first, first + 3 * CHUNK):
        answer = Answer(tiny_case(seed))
        if answer.is_feasible and answer.applies:
            problem = Problem(answer.case.instance, answer.case.mode, answer.primary)
            assert proven_by_cp_sat_alone(problem) == answer.makespan, f"seed {seed}"
            assert answer.makespan is not None
            assert problem.bound.value <= answer.makespan, f"seed {seed}"


def test_the_cases_cover_every_feature_often_enough() -> None:
    counts: Counter[str] = Counter()
    for seed in range(CASES):
        answer = Answer(tiny_case(seed))
        if not answer.is_feasible:
            counts["infeasible"] += 1
        elif answer.applies:
            counts.update(answer.case.features)
        assert answer.case.instance.task_count <= MOST_TASKS
    assert counts["infeasible"] >= LEAST_PER_FEATURE / 2
    assert {feature: counts[feature] for feature in FEATURES if counts[feature] < LEAST_PER_FEATURE} == {}


@pytest.mark.parametrize(("name", "published"), [("opposed-v1", 16), ("opposed-v3", 24), ("opposed-x1", 16)])
def test_exhaustive_search_finds_published_optima(name: str, published: int) -> None:
    assert least_makespan(Instance.load(name)) == published
