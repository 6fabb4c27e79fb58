"""Interleaved 1F1B: a bubble smaller by the number of stages per device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import CLAIM, longest_idle, uneven_pipelines, uniform_pipeline
from planning import planned, planned_or_reason
from random_problems import law

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic

INTERLEAVED = heuristic("interleaved-1f1b")
DEVICES, ROUNDS, TIME = st.integers(2, 6), st.integers(2, 4), st.integers(1, 9)


@law
@given(DEVICES, ROUNDS, st.integers(0, 12), st.tuples(TIME, TIME))
def test_its_bubble_is_that_of_one_stage(
    devices: int, rounds: int, more: int, times: tuple[int, int]
) -> None:
    """(P - 1) (F + B) of one of v stages per device, for any number of microbatches from P on."""
    instance = uniform_pipeline("interleaved", devices, devices + more, times, rounds=rounds)
    schedule = planned(instance, INTERLEAVED)
    assert longest_idle(schedule) == (devices - 1) * sum(times)
    assert schedule.makespan == ((devices + more) * rounds + devices - 1) * sum(times)


@law
@given(DEVICES, ROUNDS, st.integers(1, 3), st.integers(1, 3))
def test_transfers_add_what_the_first_and_last_group_wait_for(
    devices: int, rounds: int, groups: int, transfer: int
) -> None:
    """Every one of vP - 1 hops once on the way out and once on the way back, if a hop is short."""
    times = (20, 20)
    instance = uniform_pipeline(
        "interleaved", devices, groups * devices, times, rounds=rounds, transfer=transfer
    )
    hops = 2 * (rounds * devices - 1)
    assert longest_idle(planned(instance, INTERLEAVED)) == (devices - 1) * sum(times) + hops * transfer


@law
@given(DEVICES, ROUNDS, st.integers(1, 3), st.integers(1, 8))
def test_tight_memory_is_kept_or_too_tight(devices: int, rounds: int, groups: int, more: int) -> None:
    instance = uniform_pipeline(
        "interleaved", devices, groups * devices, (1, 2), rounds=rounds, held=rounds + more
    )
    result = planned_or_reason(instance, INTERLEAVED)
    if isinstance(result, Schedule):
        assert max(measure(result).peak_memory) <= (rounds + more) * CLAIM
    else:
        assert "too short" in result


@law
@given(instance=uneven_pipelines("interleaved"))
def test_uneven_pipelines_are_scheduled(instance: Instance) -> None:
    result = planned_or_reason(instance, INTERLEAVED)
    if isinstance(result, Schedule):
        assert verify(result) == []
    else:
        assert instance.devices[0].memory_capacity is not None
        assert "memory" in result


def test_one_stage_per_device_is_not_for_it() -> None:
    with pytest.raises(NotApplicable, match="several stages per device"):
        planned(uniform_pipeline("line", 3, 3, (1, 2)), INTERLEAVED)


def test_a_v_is_not_for_it() -> None:
    with pytest.raises(NotApplicable, match="in turn"):
        planned(uniform_pipeline("v", 3, 3, (1, 2)), INTERLEAVED)
