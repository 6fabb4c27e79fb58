"""The better of old and new."""

import pytest
from bench_runs import make_run
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.best_results import Contradiction, Result, better_of, is_proven, to_text, with_run


def result(makespan: int, lower_bound: int, mark: str = "old") -> Result:
    return {
        "lower_bound": lower_bound,
        "makespan": makespan,
        "bound": f"bound of {mark}",
        "method": f"method of {mark}",
        "seconds": 1.0,
        "date": f"date of {mark}",
        "version": "1",
    }


@given(*[st.integers(100, 200)] * 2, *[st.integers(1, 100)] * 2)
def test_the_better_half_of_each_result_is_kept(first: int, second: int, low: int, high: int) -> None:
    kept = better_of(result(first, low), result(second, high, "new"))
    assert kept["makespan"] == min(first, second)
    assert kept["lower_bound"] == max(low, high)
    assert kept["method"] == ("method of new" if second < first else "method of old")
    assert kept["bound"] == ("bound of new" if high > low else "bound of old")


def test_nothing_changes_without_an_improvement() -> None:
    old = result(100, 90)
    assert better_of(old, result(100, 90, "new")) is old
    assert better_of(old, result(110, 80, "new")) is old


@pytest.mark.parametrize(("old", "new"), [((100, 90), (120, 101)), ((100, 90), (89, 80))])
def test_a_bound_above_a_schedule_is_refused(old: tuple[int, int], new: tuple[int, int]) -> None:
    with pytest.raises(Contradiction, match="contradiction"):
        better_of(result(*old), result(*new))


def test_a_run_brings_its_schedule_and_leaves_the_bound() -> None:
    kept = with_run(result(100, 90), make_run((1.0, 95, 80), method="list"))
    assert (kept["makespan"], kept["method"]) == (95, "list")
    assert (kept["lower_bound"], kept["bound"]) == (90, "bound of old")


def test_a_run_that_found_nothing_shorter_changes_nothing() -> None:
    old = result(100, 90)
    assert with_run(old, make_run((1.0, 100, 95))) is old
    assert with_run(old, make_run(status="unknown")) is old


def test_a_run_below_the_known_bound_is_refused() -> None:
    with pytest.raises(Contradiction, match="contradiction"):
        with_run(result(100, 90), make_run((1.0, 89, 80)))


def test_a_result_is_proven_if_the_makespan_meets_the_bound() -> None:
    assert is_proven(result(100, 100))
    assert not is_proven(result(101, 100))
    assert not is_proven(None)


def test_the_file_lists_shipped_instances_only_in_natural_order() -> None:
    proven = result(100, 100)
    text = to_text({"opposed-v16": proven, "opposed-v2": proven, "unknown": proven})
    assert text.index("opposed-v2") < text.index("opposed-v16")
    assert "unknown" not in text
