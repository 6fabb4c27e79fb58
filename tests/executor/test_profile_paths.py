"""Where the stages of measured jobs go: in order, round again, or forth and back."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapweave.executor.profile.paths import device_paths
from gapweave.models.errors import InvalidOption
from gapweave.models.placement import PLACEMENTS

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=4)


@given(LENGTHS, st.integers(1, 12), st.sampled_from(PLACEMENTS))
def test_every_stage_has_a_device_and_every_device_a_stage(
    stages: list[int], devices: int, placement: str
) -> None:
    devices = min(devices, max(stages))
    if placement == "v" and devices == max(stages):
        return
    paths = device_paths(stages, devices, placement)  # type: ignore[arg-type]
    assert [len(path) for path in paths] == stages
    assert {device for path in paths for device in path} == set(range(devices))


@given(LENGTHS)
def test_each_stage_of_the_longest_job_has_a_device_of_its_own_by_default(stages: list[int]) -> None:
    for path in device_paths(stages, None, "given"):
        assert path == list(range(len(path)))


@given(st.integers(1, 6), st.integers(1, 4))
def test_interleaved_stages_go_round(devices: int, rounds: int) -> None:
    (path,) = device_paths([devices * rounds], devices, "same")
    assert path == list(range(devices)) * rounds


@given(st.integers(1, 6), st.integers(2, 5), st.integers(0, 5))
def test_a_v_turns_round_on_the_device_where_it_is(devices: int, rounds: int, less: int) -> None:
    length = max(devices + 1, devices * rounds - less)
    first, second = device_paths([length, length], devices, "v")
    assert first == second
    turns = {stage for stage in range(1, length) if stage % devices == 0}
    assert {stage for stage, (a, b) in enumerate(pairwise(first), start=1) if a == b} == turns
    assert all(abs(a - b) <= 1 for a, b in pairwise(first))


def test_secondary_jobs_go_round_in_their_own_order() -> None:
    assert device_paths([4, 4], 2, "reversed") == [[0, 1, 0, 1], [1, 0, 1, 0]]


@pytest.mark.parametrize(
    ("devices", "placement", "problem"),
    [
        (0, "same", "--devices: expected 1 to 4, .* got 0"),
        (5, "same", "--devices: expected 1 to 4, .* got 5"),
        (None, "v", r"expected a job with more stages than devices \(4\)"),
    ],
)
def test_a_device_without_a_stage_and_a_v_without_a_turn_are_refused(
    devices: int | None, placement: str, problem: str
) -> None:
    with pytest.raises(InvalidOption, match=problem):
        device_paths([2, 4], devices, placement)  # type: ignore[arg-type]
