"""Tick-tock: the second job enters half a step late, and little is in its way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import planned, planned_or_reason
from random_problems import instances, law
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic

TICK_TOCK = heuristic("tick-tock")
DEVICES, TIME = st.integers(1, 6), st.integers(1, 9)


@law
@given(DEVICES, st.integers(0, 9), TIME, TIME)
def test_equal_jobs_pay_for_one_bubble_instead_of_two(
    devices: int, more: int, forward: int, backward: int
) -> None:
    count = devices + more
    jobs = (uniform_job(devices, count, forward, backward) for _ in range(2))
    schedule = planned(make_instance(*jobs, devices=devices), TICK_TOCK)
    assert schedule.makespan == (2 * count + devices - 1) * (forward + backward)


@pytest.mark.parametrize("memory", ["1x", "2x"])
@pytest.mark.parametrize("pair", ["6.2b+1.5b-p8-m24", "6.2b+6.2b-p8-m24", "14.6b+14.6b-p16-m48"])
def test_it_ends_before_job_after_job_on_measured_pairs(pair: str, memory: str) -> None:
    instance = Instance.load(f"zb-{pair}-{memory}")
    assert planned(instance, TICK_TOCK).makespan < planned(instance, heuristic("sequential")).makespan


@law
@given(instances())
def test_any_two_jobs_are_scheduled(instance: Instance) -> None:
    result = planned_or_reason(instance, TICK_TOCK)
    if isinstance(result, Schedule):
        assert verify(result) == []
    else:
        assert "two jobs" in result or "alone" in result
