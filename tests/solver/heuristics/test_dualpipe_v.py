"""DualPipe on a V: closed forms without overlap on a device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import longest_idle, most_held, uneven_pipelines, uniform_pipeline
from planning import planned, planned_or_reason
from random_problems import law

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic

DUALPIPE = heuristic("dualpipe-v")
DEVICES, TIME = st.integers(1, 7), st.integers(1, 9)


@st.composite
def balanced_times(draw: st.DrawFn) -> tuple[int, int, int]:
    """F, B and W with W <= B <= F <= B + W."""
    weight = draw(TIME)
    backward = weight + draw(st.integers(0, 5))
    return backward + draw(st.integers(0, weight)), backward, weight


@law
@given(DEVICES, st.integers(0, 12), balanced_times())
def test_its_bubble(devices: int, more: int, times: tuple[int, int, int]) -> None:
    instance = uniform_pipeline("v", devices, 2 * devices + more, times)
    forward, backward, weight = times
    assert longest_idle(planned(instance, DUALPIPE)) == (devices - 1) * (forward + backward - weight)


@law
@given(DEVICES, st.integers(0, 12), st.tuples(TIME, TIME, TIME))
def test_a_device_holds_2p_plus_1_microbatches_of_one_stage(
    devices: int, more: int, times: tuple[int, int, int]
) -> None:
    instance = uniform_pipeline("v", devices, 2 * devices + more, times, releases_late=True)
    assert most_held(planned(instance, DUALPIPE)) == 2 * devices + 1


@law
@given(instance=uneven_pipelines("v"))
def test_uneven_pipelines_are_scheduled_or_a_reason_is_given(instance: Instance) -> None:
    result = planned_or_reason(instance, DUALPIPE)
    if isinstance(result, Schedule):
        assert verify(result) == []
    else:
        assert "microbatches" in result or "is free" in result


def test_few_microbatches_are_not_for_it() -> None:
    with pytest.raises(NotApplicable, match="at least 6 microbatches, this job has 5"):
        planned(uniform_pipeline("v", 3, 5, (1, 1, 1)), DUALPIPE)


def test_less_memory_is_not_for_it() -> None:
    with pytest.raises(NotApplicable, match="60 is free"):
        planned(uniform_pipeline("v", 3, 6, (1, 1, 1), held=6), DUALPIPE)
