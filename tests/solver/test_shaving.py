"""Shaving: it cuts off nothing that some schedule needs, and refutes what propagation alone does not."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import costly_law, instances, law
from schedule_factory import make_instance, uniform_job
from test_brute_force import Answer as Exhaustive
from test_destructive import PLENTY, begun, opposed_pair, optimum
from tiny_instances import tiny_case

from gapweave import Instance
from gapweave.instances.generator import make_instance as made
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.arcs import equal_job_arcs, input_arcs, microbatch_arcs, turnaround_arcs
from gapweave.solver.cpsat.decision import Decision
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.equal_jobs import in_turns
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.shaving import Refutation, Relaxation, Shaving
from gapweave.solver.shaving.propagation import propagate
from gapweave.solver.shaving.relaxation import Domains
from gapweave.solver.shaving.scratch import Side
from gapweave.solver.stopping import Stopping

#: More steps than any instance here needs.
ALL = 10**9


def shaved(problem: Problem, horizon: int, steps: int = ALL) -> Refutation:
    refutation = Refutation(problem, Relaxation.of(problem), horizon)
    while not refutation.is_over:
        refutation.go_on(steps)
    return refutation


def assert_leaves(refutation: Refutation, problem: Problem, starts: Int64Array) -> None:
    """Nothing is refuted, and every task of the schedule runs in the time that is left to it."""
    assert not refutation.is_refuted
    assert (refutation.domains.early <= starts).all()
    assert (starts + problem.arrays.duration <= -refutation.domains.late).all()


def split_pair() -> Instance:
    """Without limits on memory; the bounds say 27,895, and propagation alone refutes 27,991."""
    return made(devices=8, microbatches=(3, 3), split=True, transfer=40, seed=2)


def list_schedule(problem: Problem) -> Int64Array | None:
    """A schedule whose equal jobs take turns."""
    rule = DispatchRule.default(len(problem.instance.jobs))
    starts = rule.run(ListScheduler(problem.arrays), problem.paths)
    return None if starts is None else in_turns(problem, starts)


@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_what_is_refuted_is_below_the_optimum_and_an_optimal_schedule_remains(seed: int) -> None:
    exhaustive = Exhaustive(tiny_case(seed))
    if not (exhaustive.is_feasible and exhaustive.applies):
        return
    case, least = exhaustive.case, exhaustive.makespan
    problem = Problem(case.instance, case.mode, exhaustive.primary)
    assert least is not None
    refutation = shaved(problem, least)
    starts = Decision(problem, least, seed).ask(PLENTY, Stopping(None)).starts
    assert starts is not None
    assert_leaves(refutation, problem, starts)


@law
@given(instances(most_jobs=3, most_stages=4, most_microbatches=4))
def test_a_schedule_stays_possible_until_its_end(instance: Instance) -> None:
    problem = Problem(instance)
    starts = list_schedule(problem)
    if starts is None:
        return
    refutation = shaved(problem, problem.makespan(starts))
    assert_leaves(refutation, problem, starts)


@law
@given(instances(most_jobs=3, most_stages=4, most_microbatches=4))
def test_arcs_hold_in_schedules_whose_equal_jobs_take_turns(instance: Instance) -> None:
    problem = Problem(instance)
    starts = list_schedule(problem)
    if starts is None:
        return
    for family in (microbatch_arcs, equal_job_arcs, input_arcs, turnaround_arcs):
        for source, target, delay in family(problem):
            assert starts[source] + delay <= starts[target]


@costly_law
@given(instances(most_jobs=2, most_stages=3, most_microbatches=3))
def test_the_bound_rises_to_the_optimum_at_most(instance: Instance) -> None:
    incumbent = begun(instance)
    shaving = Shaving(incumbent)
    shaving.run(incumbent.stopping, workers=2)
    assert shaving.is_spent or incumbent.is_optimal
    assert incumbent.lower_bound <= (optimum(instance) or 0)


@given(st.integers(1, 20_000))
@settings(deadline=None, max_examples=20)
def test_interrupted_it_ends_too_and_finds_nothing_that_is_wrong(steps: int) -> None:
    problem = Problem(split_pair())
    starts = list_schedule(problem)
    assert starts is not None
    parts = shaved(problem, problem.makespan(starts), steps)
    assert_leaves(parts, problem, starts)


def test_rarely_interrupted_it_refutes_the_same() -> None:
    """Tasks that are under way when it is interrupted are left, so seldom enough."""
    assert shaved(Problem(split_pair()), 28_050, 200_000).is_refuted


def test_of_too_many_tasks_on_a_device_nothing_is_shaved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gapweave.solver.shaving.search._MOST_STEPS_PER_PASS", 100)
    incumbent = begun(split_pair())
    incumbent.offer(list_schedule(incumbent.problem), "list")
    shaving = Shaving(incumbent)
    shaving.run(incumbent.stopping, workers=1)
    assert shaving.is_spent
    assert incumbent.lower_bound == incumbent.problem.bound.value


@pytest.mark.parametrize(("units", "rises"), [(0.5, True), (0.0, False)])
def test_rounds_that_close_nothing_go_on_unless_trying_every_task_takes_too_long(
    monkeypatch: pytest.MonkeyPatch, units: float, rises: bool
) -> None:
    monkeypatch.setattr("gapweave.solver.shaving.search._FIRST_BUDGET", 1e-8)  # for which no task is tried
    monkeypatch.setattr("gapweave.solver.shaving.search._MOST_UNITS_PER_SWEEP", units)
    incumbent = begun(split_pair())
    incumbent.offer(list_schedule(incumbent.problem), "list")
    before, shaving = incumbent.lower_bound, Shaving(incumbent)
    shaving.run(Stopping(None), workers=1)
    assert shaving.is_spent
    assert (incumbent.lower_bound > before) == rises


def test_it_refutes_what_propagation_does_not() -> None:
    problem = Problem(split_pair())
    side = Side.of(Relaxation.of(problem))
    for horizon, propagates in ((27_990, False), (28_050, True)):
        domains = Domains.of(problem, horizon)
        side.scratch.is_dirty[:] = True
        assert propagate(side, side.mirror, domains.early, domains.late, ALL) == propagates
        assert shaved(problem, horizon).is_refuted


@law
@given(st.data())
def test_what_is_refuted_is_refuted_with_less_time_too(data: st.DataObject) -> None:
    problem = Problem(data.draw(instances(most_jobs=2, most_stages=4, most_microbatches=3)))
    horizon = problem.bound.value + data.draw(st.integers(0, 20))
    if shaved(problem, horizon).is_refuted:
        assert shaved(problem, horizon - 1).is_refuted


def test_more_work_than_time_is_refuted() -> None:
    """One device and three jobs of 2 ticks: 6 ticks of work do not fit into 5."""
    problem = Problem(make_instance(*(uniform_job(1, 1, 1, 1) for _ in range(3)), devices=1))
    assert shaved(problem, 5).is_refuted
    assert not shaved(problem, 6).is_refuted


def test_without_a_schedule_nothing_is_shaved() -> None:
    incumbent = begun(opposed_pair())
    incumbent.starts = None
    Shaving(incumbent).run(incumbent.stopping, workers=1)
    assert incumbent.lower_bound == incumbent.problem.bound.value


def test_nothing_is_shaved_after_the_end() -> None:
    signal = threading.Event()
    signal.set()
    incumbent = begun(split_pair(), Stopping(None, signal))
    shaving = Shaving(incumbent)
    shaving.run(incumbent.stopping, workers=2)
    assert incumbent.lower_bound == incumbent.problem.bound.value
    assert not shaving.is_spent


def test_work_is_limited_and_with_one_worker_it_repeats_itself() -> None:
    bounds = []
    for limit in (1e-5, 1e-5, None):
        incumbent = begun(split_pair())
        incumbent.offer(list_schedule(incumbent.problem), "list")
        Shaving(incumbent).run(Stopping(None), workers=1, work_limit=limit)
        bounds.append(incumbent.lower_bound)
    assert bounds[0] == bounds[1] < bounds[2]
