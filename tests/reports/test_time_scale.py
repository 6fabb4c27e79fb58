from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gapweave.reports.time_scale import TimeScale, grouped, percent

UNITS = {"ns": 1, "µs": 10**3, "ms": 10**6, "s": 10**9}


@pytest.mark.parametrize(
    ("time_unit", "span", "shown"),
    [
        ("tick", 4_012_345, "4,012,345 ticks"),
        ("us", 9_999, "9,999 µs"),
        ("us", 10_000, "10 ms"),
        ("us", 4_012_345, "4,012.3 ms"),
        ("us", 24_686_613, "24.687 s"),
        ("ns", 2 * 10**10, "20 s"),
        ("ms", 500, "500 ms"),
        ("s", 36_000, "36,000 s"),
    ],
)
def test_times_are_written_in_a_unit_that_suits_the_axis(time_unit: str, span: int, shown: str) -> None:
    assert TimeScale.fitting(time_unit, span).format(span) == shown


@given(time_unit=st.sampled_from(["ns", "us", "ms", "s"]), span=st.integers(1, 2**42))
def test_a_scale_keeps_the_length_of_time(time_unit: str, span: int) -> None:
    scale = TimeScale.fitting(time_unit, span)
    assert scale.ticks * UNITS[time_unit.replace("us", "µs")] == UNITS[scale.unit]
    assert scale.ticks == 1 or span >= 10 * scale.ticks
    assert scale.unit == "s" or span < 10_000 * scale.ticks


@given(time_unit=st.sampled_from(["us", "s", "tick"]), span=st.integers(1, 2**42), most=st.integers(1, 40))
def test_marks_start_at_zero_stay_on_the_axis_and_keep_one_round_distance(
    time_unit: str, span: int, most: int
) -> None:
    scale = TimeScale.fitting(time_unit, span)
    marks = scale.marks(span, most)
    assert marks[0] == 0
    assert marks[-1] * scale.ticks <= span
    assert len(marks) <= max(most, 2)
    steps = [later - earlier for earlier, later in pairwise(marks)]
    assert steps == pytest.approx([marks[1]] * len(steps) if steps else [])
    if steps:
        assert f"{marks[1]:e}"[0] in "125"
        assert scale.ticks > 1 or marks[1] == int(marks[1])


def test_a_gap_reads_as_zero_only_if_it_is_zero() -> None:
    assert [percent(share) for share in (0, 1e-7, 0.0163, 0.126, 1, 12)] == [
        "0 %",
        "< 0.01 %",
        "1.63 %",
        "12.6 %",
        "100 %",
        "1200 %",
    ]


@given(value=st.floats(0.001, 1e12))
def test_rounded_numbers_keep_five_digits(value: float) -> None:
    assert float(grouped(value).replace(",", "")) == pytest.approx(value, rel=1e-4)
