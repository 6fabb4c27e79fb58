"""Measures of a schedule with a period."""

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job, zero_idle_period

from gapweave.models.metrics import measure
from gapweave.models.steady_state import least_period, steady_state


def test_a_schedule_of_one_step_has_no_steady_state() -> None:
    assert steady_state(build_schedule(make_instance(uniform_job(2, 2), devices=2))) is None


def test_steps_are_counted_per_tick_or_per_second() -> None:
    schedule = zero_idle_period(4, 4)
    steady = steady_state(schedule)
    assert steady is not None
    assert steady.rate_unit == "tick"
    assert steady.rates == {"job0": 1 / 24, "job1": 1 / 24}
    timed = schedule.model_copy(update={"instance": schedule.instance.model_copy(update={"time_unit": "ms"})})
    steady = steady_state(timed)
    assert steady is not None
    assert (steady.rate_unit, steady.rates["job0"]) == ("second", 1000 / 24)


def test_the_gain_is_against_the_sum_of_the_periods_alone() -> None:
    schedule = zero_idle_period(4, 4)
    steady = steady_state(schedule)
    assert steady is not None
    assert steady.alone == {"job0": 21, "job1": 21}
    assert (steady.evidence, steady.gain) == ("bound", pytest.approx(42 / 24 - 1))
    found = steady_state(schedule, {"job0": 24, "job1": 24})
    assert found is not None
    assert (found.evidence, found.gain) == ("found", 1.0)


def test_no_job_repeats_faster_alone_than_its_bound() -> None:
    instance = make_instance(uniform_job(4, 8), devices=4)
    assert least_period(instance, 0) == 3 * (8 + 4 - 1)


def test_the_stage_span_rate_of_steady_state_is_one_minus_work_over_period() -> None:
    longer = zero_idle_period(4, 4, period=30)
    assert measure(longer).stage_span_bubble_rate == pytest.approx(1 - 24 / 30)


def test_devices_that_nobody_uses_count_for_the_bubble_rate_alone() -> None:
    schedule = zero_idle_period(4, 4)
    wider = schedule.instance.model_copy(
        update={"devices": (*schedule.instance.devices, schedule.instance.devices[0])}
    )
    metrics = measure(schedule.model_copy(update={"instance": wider}))
    assert (metrics.bubble_rate, metrics.stage_span_bubble_rate) == (pytest.approx(0.2), 0)
