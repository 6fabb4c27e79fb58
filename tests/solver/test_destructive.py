"""Closing the gap by decisions: no answer is wrong, and with time enough bound and schedule meet."""

import threading
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_problems import costly_law, instances, law
from schedule_factory import make_instance, uniform_job
from test_brute_force import Answer as Exhaustive
from tiny_instances import tiny_case

from gapweave.models.errors import InternalError
from gapweave.models.instance import Instance
from gapweave.models.schedule import SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.agenda import Agenda
from gapweave.solver.cpsat import bisect, improve_and_prove
from gapweave.solver.cpsat.decision import Answer, Decision, deciding
from gapweave.solver.heuristics.sequential import Sequential
from gapweave.solver.horizons import Halving, Rising
from gapweave.solver.incumbent import Incumbent, Progress
from gapweave.solver.memory_forms import FORMS, MemoryForm
from gapweave.solver.problem import Problem
from gapweave.solver.shaving import Refutation, Relaxation, Shaving
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

#: More deterministic units than any question here needs.
PLENTY = 50.0


def begun(instance: Instance, stopping: Stopping | None = None, **listener: Any) -> Incumbent:
    """An incumbent with the schedule of jobs one after the other, which is mostly far from the best."""
    problem = Problem(instance)
    incumbent = Incumbent(problem, Stopping(20.0) if stopping is None else stopping, **listener)
    assert incumbent.offer(Sequential().plan(problem.arrays).starts, "sequential")
    return incumbent


def optimum(instance: Instance) -> int | None:
    incumbent = Incumbent(Problem(instance), Stopping(20.0))
    improve_and_prove(incumbent.problem, incumbent, incumbent.stopping, workers=1, seed=0)
    assert incumbent.is_optimal
    return incumbent.makespan


def opposed_pair() -> Instance:
    """Two pipelines in opposite order: the bounds say 33, the optimum is 38."""
    transfers = {"forward_transfer": 2, "backward_transfer": 2}
    job, other = uniform_job(3, 3, **transfers), uniform_job(3, 3, 2, 3, **transfers)
    other["stages"] = [stage | {"device": 2 - stage["device"]} for stage in other["stages"]]
    return make_instance(job, other, devices=3, capacity=3)


@pytest.mark.parametrize("is_shaved", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(0, 150, 6))
def test_a_horizon_is_refuted_exactly_if_no_schedule_ends_by_it(
    seed: int, form: MemoryForm, is_shaved: bool
) -> None:
    exhaustive = Exhaustive(tiny_case(seed))
    if not (exhaustive.is_feasible and exhaustive.applies):
        return
    case, least = exhaustive.case, exhaustive.makespan
    problem = Problem(case.instance, case.mode, exhaustive.primary)
    assert least is not None
    for horizon in range(problem.bound.value, least + 2):
        cut = Refutation(problem, Relaxation.of(problem), horizon)
        if is_shaved:
            cut.go_on(1_000)
        answer = Decision(problem, horizon, seed, form, cut.domains).ask(PLENTY, Stopping(None))
        assert answer.is_refuted == (horizon < least)
        if answer.starts is not None:
            schedule = make_schedule(problem, answer.starts, SolverRecord(name="decision"))
            assert verify(schedule) == []
            assert least <= schedule.makespan <= horizon
        assert (answer.starts is None) == answer.is_refuted


@costly_law
@given(instances(most_jobs=2, most_stages=3, most_microbatches=3), st.booleans())
def test_bound_and_schedule_meet_at_the_optimum(instance: Instance, is_shaved: bool) -> None:
    incumbent = begun(instance)
    agenda = Agenda(shaving=Shaving(incumbent) if is_shaved else None)
    bisect(incumbent, incumbent.stopping, workers=1, seed=0, agenda=agenda)
    assert incumbent.lower_bound == incumbent.makespan == optimum(instance)


@costly_law
@given(instances(most_jobs=2, most_stages=3, most_microbatches=3), st.floats(1e-6, 1e-3))
def test_whenever_it_stops_the_optimum_lies_between(instance: Instance, work: float) -> None:
    incumbent = begun(instance)
    bisect(incumbent, incumbent.stopping, workers=1, seed=0, work_limit=work)
    least = optimum(instance)
    assert incumbent.makespan is not None
    assert least is not None
    assert incumbent.lower_bound <= least <= incumbent.makespan


def test_several_threads_agree() -> None:
    seen: list[Progress] = []
    incumbent = begun(opposed_pair(), on_progress=seen.append)
    bisect(incumbent, incumbent.stopping, workers=3, seed=0)
    assert incumbent.lower_bound == incumbent.makespan == optimum(opposed_pair())
    bounds = [progress.lower_bound for progress in seen]
    assert bounds == sorted(bounds)


def test_with_one_worker_and_a_work_limit_it_repeats_itself() -> None:
    found = []
    for _ in range(2):
        incumbent = begun(opposed_pair(), Stopping(None))
        bisect(incumbent, incumbent.stopping, workers=1, seed=3, work_limit=2e-3)
        assert incumbent.starts is not None
        found.append((incumbent.lower_bound, incumbent.starts.tolist()))
    assert found[0] == found[1]


def test_what_shaving_refutes_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    incumbent, least = begun(opposed_pair()), optimum(opposed_pair())
    assert least is not None
    asked: list[int] = []

    def shave(_: Shaving, horizon: int, budget: float, stopping: Stopping) -> tuple[Refutation, float]:
        refutation = Refutation(incumbent.problem, Relaxation.of(incumbent.problem), horizon)
        refutation.is_refuted = horizon < least
        return refutation, 0.0

    class Listening(Decision):
        def ask(self, budget: float, stopping: Stopping) -> Answer:
            asked.append(self.horizon)
            return super().ask(budget, stopping)

    monkeypatch.setattr(Shaving, "shave", shave)
    monkeypatch.setattr("gapweave.solver.cpsat.destructive.Decision", Listening)
    agenda = Agenda(shaving=Shaving(incumbent))
    bisect(incumbent, incumbent.stopping, workers=1, seed=0, agenda=agenda)
    assert incumbent.lower_bound == incumbent.makespan == least
    assert min(asked) >= least


def test_nothing_is_asked_after_the_end() -> None:
    signal = threading.Event()
    signal.set()
    incumbent = begun(opposed_pair(), Stopping(None, signal))
    before = (incumbent.lower_bound, incumbent.makespan)
    bisect(incumbent, incumbent.stopping, workers=2, seed=0)
    assert (incumbent.lower_bound, incumbent.makespan) == before


def test_without_a_schedule_nothing_is_asked() -> None:
    problem = Problem(opposed_pair())
    incumbent = Incumbent(problem, Stopping(20.0))
    bisect(incumbent, incumbent.stopping, workers=1, seed=0)
    assert incumbent.starts is None
    assert incumbent.lower_bound == problem.bound.value


def test_a_refutation_of_a_known_schedule_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    incumbent = begun(opposed_pair())
    best = Incumbent(incumbent.problem, incumbent.stopping)
    improve_and_prove(best.problem, best, best.stopping, workers=1, seed=0)

    def refuse(decision: Decision, budget: float, stopping: Stopping) -> Answer:
        assert best.starts is not None
        incumbent.offer(best.starts, "found meanwhile")
        return Answer(is_refuted=True)

    monkeypatch.setattr(Decision, "ask", refuse)
    with pytest.raises(InternalError, match="please report"):
        bisect(incumbent, incumbent.stopping, workers=1, seed=0)


@law
@given(st.integers(1, 1000), st.integers(1, 1000), st.sampled_from([Halving, Rising]), st.data())
def test_questions_lie_between_bound_and_best_schedule(
    bound: int, width: int, kind: type[Halving | Rising], data: st.DataObject
) -> None:
    horizons, best = kind(), bound + width
    while bound < best:
        question = horizons.next(bound, best)
        assert bound <= question.horizon < best
        answer = data.draw(st.sampled_from(["refuted", "found", "none"]))
        if answer == "refuted":
            bound = question.horizon + 1
        elif answer == "found":
            best = question.horizon
        elif question.budget > 1_000:
            break


@given(st.integers(1, 10**7), st.integers(1, 10**6), st.sampled_from([Halving, Rising]))
def test_without_answers_questions_get_more_time_sooner_or_later(
    bound: int, width: int, kind: type[Halving | Rising]
) -> None:
    horizons, budgets = kind(), []
    for _ in range(30):
        question = horizons.next(bound, bound + width)
        budgets.append(question.budget)
    assert budgets == sorted(budgets)
    assert budgets[-1] > 8 * budgets[0]


@pytest.mark.parametrize("kind", [Halving, Rising])
def test_threads_get_different_questions(kind: type[Halving | Rising]) -> None:
    horizons = kind()
    asked = [horizons.next(1_000, 2_000).horizon for _ in range(5)]
    assert len(set(asked)) == 5
    assert all(first != second for first, second in pairwise(np.sort(asked).tolist()))


def test_the_bound_rises_in_growing_steps_to_what_can_be_refuted() -> None:
    horizons, bound, best, asked = Rising(), 100_000, 110_000, 0
    while horizons.budget < 0.03 and asked < 100:
        horizon, asked = horizons.next(bound, best).horizon, asked + 1
        if horizon < 101_234:
            bound = horizon + 1
    assert 101_234 - 10 <= bound <= 101_234
    assert asked < 40


def test_beyond_the_largest_seed_they_begin_again() -> None:
    assert deciding(2**31 + 5).parameters.random_seed == 5
