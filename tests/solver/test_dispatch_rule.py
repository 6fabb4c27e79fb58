"""Dispatch rules: from a handful of numbers to keys and limits."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_problems import dispatch_rules, instances, law
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.solver.dispatch_rule import DispatchRule, microbatch_unit
from gapweave.solver.problem import Problem
from gapweave.solver.rule_search import drawn, perturbed


@law
@given(instances(), st.data())
def test_keys_are_finite_and_limits_let_one_microbatch_in(instance: Instance, data: st.DataObject) -> None:
    paths = Problem(instance).paths
    rule = data.draw(dispatch_rules(len(instance.jobs)))
    assert np.isfinite(rule.keys(paths)).all()
    assert len(rule.keys(paths)) == len(paths.head)
    assert all(limit >= 1 for limit in rule.limits(paths).values())


def test_the_head_alone_is_least_progress_first() -> None:
    paths = Problem(make_instance(uniform_job(3, 4), devices=3)).paths
    keys = DispatchRule(1.0, 0.0, (0.0,) * 4, (0.0,), (None,)).keys(paths)
    assert np.array_equal(keys, paths.head)


def test_a_job_that_is_delayed_waits_by_units() -> None:
    paths = Problem(make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1)).paths
    plain, delayed = (
        np.array(DispatchRule(1.0, 0.0, (0.0,) * 4, (0.0, delay), (None, None)).keys(paths))
        for delay in (0.0, 2.0)
    )
    assert set((delayed - plain).tolist()) == {0.0, 2 * microbatch_unit(paths)}


def test_the_unit_is_the_mean_time_of_a_microbatch_on_the_busiest_device() -> None:
    instance = make_instance(uniform_job(2, 6, 1, 2), uniform_job(1, 3, 4, 5), devices=2)
    assert microbatch_unit(Problem(instance).paths) == pytest.approx((6 * 3 + 3 * 9) / 9)


def test_one_round_trip_of_a_uniform_pipeline_is_what_1f1b_holds_or_one_more() -> None:
    paths = Problem(make_instance(uniform_job(6, 20), devices=6)).paths
    limits = DispatchRule.default(1).limits(paths)
    assert all(limits[0, s] - (6 - s) in (0, 1) for s in range(6))


def test_no_round_trips_means_no_limits() -> None:
    paths = Problem(make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2)).paths
    rule = DispatchRule(1.0, 0.0, (0.0,) * 4, (0.0, 0.0), (None, 1.0))
    assert {job for job, _ in rule.limits(paths)} == {1}


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_drawn_and_perturbed_rules_fit_the_jobs(jobs: int) -> None:
    rng, problem = Random(1), Problem(make_instance(*[uniform_job(2, 2)] * jobs, devices=2))
    rule = DispatchRule.default(jobs)
    for _ in range(200):
        rule = drawn(jobs, rng) if rng.random() < 0.2 else perturbed(rule, rng)
        assert len(rule.job_delay) == len(rule.round_trips) == jobs
        assert np.isfinite(rule.keys(problem.paths)).all()


def test_one_seed_draws_the_same_rules() -> None:
    assert [drawn(2, Random(5)) for _ in range(3)] == [drawn(2, Random(5)) for _ in range(3)]
    assert drawn(2, Random(5)) != drawn(2, Random(6))
