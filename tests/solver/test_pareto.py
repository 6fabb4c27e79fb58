"""The trade-off: never worse with more slack, promises kept, optimal where exhaustive search can tell."""

import json
import threading
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Any

import pytest
from brute_force import least_makespan
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import costly_law, instances
from schedule_factory import make_instance, uniform_job
from test_compare import KEYS
from tiny_instances import tiny_case

from gapweave.models.bounds import reprove
from gapweave.models.errors import Infeasible, InternalError, Interrupted, InvalidOption, NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver import pareto as module
from gapweave.solver.job_alone import best_alone
from gapweave.solver.pareto import SLACKS, ParetoFront, ParetoRow, pareto

SEEDS = range(400)
#: Each example solves half a dozen problems.
few = settings(costly_law, max_examples=8)


@pytest.fixture(scope="module")
def pair() -> Instance:
    return make_instance(uniform_job(4, 3), uniform_job(4, 4), devices=4, capacity=9)


@pytest.fixture(scope="module")
def front(pair: Instance) -> ParetoFront:
    return pareto(pair, time_limit=10, workers=1)


def assert_laws(front: ParetoFront) -> None:
    """What holds however little time there was."""
    found = [row for row in front.rows if row.schedule is not None]
    for row in found:
        assert_keeps_its_promise(row, front)
    for tighter, looser in pairwise(found):
        assert (tighter.makespan or 0) >= (looser.makespan or 0)
        assert (tighter.lower_bound or 0) >= (looser.lower_bound or 0)


def assert_keeps_its_promise(row: ParetoRow, front: ParetoFront) -> None:
    schedule = row.schedule
    assert schedule is not None
    assert verify(schedule) == []
    assert reprove(schedule).proven is not False
    assert (row.makespan, row.lower_bound) == (schedule.makespan, schedule.lower_bound)
    assert (row.status == "optimal") == (row.makespan == row.lower_bound)
    assert (row.primary_delay or 0) == pytest.approx((row.primary_makespan or 0) / front.primary.makespan - 1)
    if row.slack is None:
        assert schedule.primary is None
        return
    assert schedule.primary is not None
    limit = floor((1 + Fraction(str(row.slack))) * front.primary.makespan)
    assert (row.primary_makespan or 0) <= schedule.primary.limit == limit
    if row.mode == "fill":
        own = {task.task: task.start for task in front.primary.tasks}
        assert {task.task: task.start for task in schedule.tasks if task.job == 0} == own


def test_there_is_a_row_for_the_primary_as_alone_for_each_slack_and_for_no_limit(front: ParetoFront) -> None:
    expected = [("fill", 0.0), *(("joint", slack) for slack in SLACKS), ("joint", None)]
    assert [(row.mode, row.slack) for row in front.rows] == expected


def test_the_document_has_the_keys_of_a_comparison_and_the_slack(front: ParetoFront) -> None:
    document = json.loads(json.dumps(front.to_document()))
    assert document["instance"] == "made"
    assert document["primary_alone"]["makespan"] == front.primary.makespan
    for row in document["rows"]:
        assert row.keys() >= KEYS | {"slack", "gain", "primary_delay", "placement"}


def test_gains_are_against_one_job_after_the_other(front: ParetoFront) -> None:
    assert front.sequential is not None
    for row in front.rows:
        assert row.gain == pytest.approx(front.sequential / (row.makespan or 0) - 1)


@few
@given(instances(most_jobs=3, most_stages=3, most_microbatches=3).filter(lambda one: len(one.jobs) > 1))
def test_more_slack_is_never_worse_and_promises_are_kept(instance: Instance) -> None:
    assert_laws(pareto(instance, time_limit=2, workers=1, slacks=(0.0, 0.1, 0.3)))


@few
@given(st.sampled_from(SEEDS).map(tiny_case).filter(lambda case: len(case.instance.jobs) > 1))
def test_every_row_agrees_with_exhaustive_search(case: Any) -> None:
    instance = case.instance
    try:
        front = pareto(instance, time_limit=30, workers=1, slacks=(0.0, 0.25))
    except Infeasible:
        assert least_makespan(instance) is None
        return
    assert front.primary.makespan == least_makespan(instance.with_jobs(0))
    for row in front.rows:
        pinned = {task.task: task.start for task in front.primary.tasks} if row.mode == "fill" else None
        limit = None if row.slack is None else floor((1 + Fraction(row.slack)) * front.primary.makespan)
        assert row.status == "optimal"
        assert row.makespan == least_makespan(instance, pinned, limit)


@pytest.mark.parametrize("time_limit", [1e-6, 0.05])
def test_the_laws_hold_when_time_is_too_short_for_anything(pair: Instance, time_limit: float) -> None:
    front = pareto(pair, time_limit=time_limit, workers=1)
    assert_laws(front)
    assert all(row.schedule is not None for row in front.rows)


@few
@given(instances(most_jobs=2, most_stages=4, most_microbatches=4).filter(lambda one: len(one.jobs) > 1))
def test_the_primary_alone_is_no_worse_than_under_any_policy(instance: Instance) -> None:
    front = pareto(instance, time_limit=1e-6, workers=1)
    with suppress(NotApplicable):
        assert front.primary.makespan <= best_alone(instance, 0).makespan


def test_what_a_row_finds_serves_every_row_it_may_serve(pair: Instance, monkeypatch: Any) -> None:
    """Where only the first and the tightest solve give anything, the others live on it."""
    solve, calls = module.solve, iter(range(100))

    def rarely(instance: Instance, **options: Any) -> Any:
        if next(calls) in (0, 2):  # the primary alone, and the primary exactly so
            return solve(instance, **options)
        raise Interrupted("nothing")

    monkeypatch.setattr(module, "solve", rarely)
    front = pareto(pair, time_limit=10, workers=1)
    assert_laws(front)
    assert len({row.makespan for row in front.rows}) == 1
    assert [row.schedule is not None for row in front.rows] == [True] * len(front.rows)
    assert all(row.lower_bound is None for row in front.rows[1:])


def test_a_bound_above_a_verified_schedule_is_an_internal_error(pair: Instance, monkeypatch: Any) -> None:
    solve = module.solve

    def too_sure(instance: Instance, **options: Any) -> Any:
        found = solve(instance, **(options | {"known": None}))
        claims = len(instance.jobs) > 1 and "primary" not in options
        return found.model_copy(update={"lower_bound": 10_000}) if claims else found

    monkeypatch.setattr(module, "solve", too_sure)
    with pytest.raises(InternalError, match="report this instance"):
        pareto(pair, time_limit=10, workers=1)


def test_rows_are_told_as_they_come(pair: Instance) -> None:
    told: list[ParetoRow] = []
    front = pareto(pair, time_limit=5, workers=1, on_row=told.append)
    assert told[0].slack is None
    assert {(row.mode, row.slack) for row in told} == {(row.mode, row.slack) for row in front.rows}


def test_a_stop_leaves_later_rows_to_what_is_known(pair: Instance) -> None:
    event = threading.Event()
    front = pareto(pair, time_limit=10, workers=1, on_row=lambda row: event.set(), stop=event)
    assert_laws(front)
    assert front.rows[-1].schedule is not None
    assert all((row.reason is None) == (row.schedule is not None) for row in front.rows)


def test_the_secondary_may_be_placed_otherwise(pair: Instance) -> None:
    front = pareto(pair, placement="reversed", time_limit=5, workers=1, slacks=(0.0,))
    assert_laws(front)
    assert {row.placement for row in front.rows} == {"reversed"}
    assert [stage.device for stage in front.instance.jobs[1].stages] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("named", "options"),
    [
        ("--time-limit", {"time_limit": 0}),
        ("slacks", {"slacks": (0.0, -0.1)}),
        ("slacks", {"slacks": (float("nan"),)}),
        ("--workers", {"workers": 0}),
        ("--placement", {"placement": "upside-down"}),
        ("--placement", {"placement": "search"}),
    ],
    ids=str,
)
def test_a_wrong_option_is_named(pair: Instance, named: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=named):
        pareto(pair, **options)


def test_one_job_has_nothing_to_trade() -> None:
    with pytest.raises(InvalidOption, match="needs at least two jobs"):
        pareto(make_instance(uniform_job(2, 2), devices=2))


def test_an_impossible_instance_is_infeasible() -> None:
    with pytest.raises(Infeasible):
        pareto(make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2, capacity=0))
