"""Laws of profiles over many instances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.profiles import median_reached, performance_ratios, share_reached

values = st.lists(st.none() | st.floats(0, 100), max_size=20)
limits = st.lists(st.floats(0, 120), min_size=1, max_size=20).map(sorted)


@given(values, limits)
def test_a_profile_never_falls_and_stays_within_0_and_1(found: list[float | None], at: list[float]) -> None:
    shares = share_reached(found, at)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


@given(values, limits)
def test_a_profile_counts_the_values_up_to_the_limit(found: list[float | None], at: list[float]) -> None:
    for share, limit in zip(share_reached(found, at), at, strict=True):
        reached = sum(value is not None and value <= limit for value in found)
        assert share * len(found) == pytest.approx(reached)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 10**6), min_size=1), st.data())
def test_the_best_method_has_ratio_1_and_no_other_is_below(best: dict[str, int], data: st.DataObject) -> None:
    longer = {name: value + data.draw(st.integers(0, 1000)) for name, value in best.items()}
    assert performance_ratios(best, best) == [1.0] * len(best)
    assert all(ratio is not None and ratio >= 1 for ratio in performance_ratios(longer, best))


def test_an_instance_without_a_schedule_stays_in_the_profile_as_never_reached() -> None:
    ratios = performance_ratios({"a": 10, "b": None}, {"a": 10, "b": 7})
    assert share_reached(ratios, [1.0, 100.0]) == [0.5, 0.5]


def test_the_median_exists_once_half_of_the_values_do() -> None:
    assert median_reached([1.0, None, 3.0]) == 3.0
    assert median_reached([1.0, None, None]) is None
    assert median_reached([]) is None
