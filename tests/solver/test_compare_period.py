"""The comparison in steady state: every row judged by training one job after the other."""

import json

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver.compare import Comparison, compare
from gapweave.solver.heuristics import heuristics, with_variants
from gapweave.solver.period_rows import IN_TURN, PeriodRow


@pytest.fixture(scope="module")
def pair() -> Instance:
    return make_instance(uniform_job(4, 4), uniform_job(4, 4), devices=4)


@pytest.fixture(scope="module")
def comparison(pair: Instance) -> Comparison:
    return compare(pair, objective="period", time_limit=10, workers=1)


def rows(comparison: Comparison) -> list[PeriodRow]:
    """The rows that have a period."""
    return [row for row in comparison.rows if isinstance(row, PeriodRow) and row.period is not None]


def row(comparison: Comparison, method: str, mode: str = "joint") -> PeriodRow:
    return next(one for one in rows(comparison) if (one.method, one.mode) == (method, mode))


def test_heuristics_job_after_job_and_both_modes_of_the_solver_have_a_row(comparison: Comparison) -> None:
    methods = [(one.method, one.mode) for one in comparison.rows]
    assert len(set(methods)) == len(methods) == len(with_variants()) + 3
    assert {IN_TURN, "solver"} < {method for method, _ in methods}
    assert {mode for method, mode in methods if method == "solver"} == {"joint", "fill"}


def test_every_schedule_keeps_the_rules_and_its_bound(comparison: Comparison) -> None:
    for one in rows(comparison):
        if one.schedule is not None:
            assert verify(one.schedule) == []
            assert one.period == one.schedule.period
            assert one.lower_bound is not None
            assert one.lower_bound <= one.schedule.value


def test_job_after_job_gains_nothing_against_itself(comparison: Comparison) -> None:
    apart = row(comparison, IN_TURN)
    assert apart.gain == 0
    assert apart.schedule is None
    assert apart.primary_delay == pytest.approx(1.0)


def test_two_equal_jobs_reach_no_idle_time_and_gain_what_one_alone_idles(comparison: Comparison) -> None:
    joint, apart = row(comparison, "solver"), row(comparison, IN_TURN)
    assert (joint.period, joint.bubble_rate, joint.status) == (24, 0, "optimal")
    assert apart.period is not None
    assert joint.gain == pytest.approx(apart.period / 24 - 1)


def test_in_fill_the_primary_is_as_fast_as_alone(comparison: Comparison) -> None:
    filled = row(comparison, "solver", "fill")
    assert filled.primary_delay == 0
    assert filled.gain is not None
    assert filled.gain > 0


def test_the_document_has_the_period_beside_the_makespan(comparison: Comparison) -> None:
    document = json.loads(json.dumps(comparison.to_document()))
    for one in document["rows"]:
        assert {"makespan", "period", "steps", "steps_per_tick", "gap", "seconds"} <= one.keys()
        assert "rates" not in one


def test_rates_are_steps_over_the_period(comparison: Comparison) -> None:
    for one in rows(comparison):
        assert one.rates is not None
        assert one.steps is not None
        assert one.period is not None
        assert list(one.rates.values()) == pytest.approx([count / one.period for count in one.steps])


def test_one_job_is_compared_by_its_period_alone() -> None:
    alone = compare(make_instance(uniform_job(2, 3), devices=2), objective="period", time_limit=2, workers=1)
    assert len(alone.rows) == len(heuristics()) + 1
    assert all(one.gain is None for one in alone.rows)


def test_an_unknown_objective_is_refused(pair: Instance) -> None:
    with pytest.raises(InvalidOption, match="--objective: expected 'makespan' or 'period', got 'speed'"):
        compare(pair, objective="speed")  # type: ignore[arg-type]
