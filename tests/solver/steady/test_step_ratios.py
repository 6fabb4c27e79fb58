"""Numbers of steps that are tried, the bounds that limit them, and how long microbatches hold memory."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import make_instance, uniform_job

from gapweave.models.bounds.least_hold import least_hold
from gapweave.models.instance import Instance
from gapweave.solver.steady.primary_step import primary_step
from gapweave.solver.steady.ratio_bounds import BesidePrimary
from gapweave.solver.steady.step_ratios import step_ratios

RATIOS = st.fractions(min_value=Fraction(1, 20), max_value=4)


def beside(instance: Instance) -> BesidePrimary:
    step = primary_step(instance, "1f1b", lambda own: pytest.fail("a policy needs no solver"))
    return BesidePrimary(instance, step.period, step)


@given(RATIOS, st.integers(1, 8))
def test_choices_are_within_the_bound_and_the_most_secondary_steps_come_first(
    bound: Fraction, most: int
) -> None:
    choices = step_ratios(2, bound, most, 1, 10_000)
    ratios = [Fraction(others, own) for own, others in choices]
    assert ratios == sorted(ratios, reverse=True)
    assert all(ratio <= bound for ratio in ratios)
    assert len(set(choices)) == len(choices)


@given(RATIOS)
def test_a_secondary_that_rarely_fits_is_given_more_steps_of_the_primary(bound: Fraction) -> None:
    if bound >= Fraction(1, 16):
        assert step_ratios(3, bound, 1, 1, 10_000)[-1][1:] == (1, 1)


def test_too_many_tasks_leave_the_smallest_choice() -> None:
    assert step_ratios(2, Fraction(1), 4, 1_000, 10) == [(4, 1)]


def test_nothing_fits_into_no_idle_time() -> None:
    assert step_ratios(2, Fraction(0), 4, 1, 10) == []


def test_the_bound_is_the_idle_time_over_the_work() -> None:
    # 1F1B repeats every 3 (4 + 4 - 1) = 21 ticks with 12 of work; the other job brings 12 a step.
    bound = beside(make_instance(uniform_job(4, 4), uniform_job(4, 4), devices=4)).bound([Fraction(1)])
    assert bound.value <= Fraction(21 - 12, 12)
    assert bound.argument.startswith("idle time of device")


def test_a_task_longer_than_every_idle_interval_does_not_fit() -> None:
    instance = make_instance(uniform_job(2, 2), uniform_job(2, 1, forward=50, backward=50), devices=2)
    assert beside(instance).bound([Fraction(1)]).value == 0


def test_memory_over_time_bounds_the_ratio() -> None:
    wide, tight = (
        make_instance(uniform_job(4, 4), uniform_job(4, 4), devices=4, capacity=capacity)
        for capacity in (None, 4)
    )
    bound = beside(tight).bound([Fraction(1)])
    assert bound.value < beside(wide).bound([Fraction(1)]).value
    assert bound.argument.startswith("memory of device")


def test_a_microbatch_is_held_for_its_way_to_the_last_stage_and_back() -> None:
    job = make_instance(uniform_job(3, 1, forward_transfer=5, backward_transfer=7), devices=3).jobs[0]
    assert least_hold(job, 0)[0, 1] == 3 * (1 + 2) + 2 * (5 + 7)
    assert least_hold(job, 2)[0, 1] == 1 + 2
