"""What a trajectory says about when."""

from itertools import pairwise

from bench_runs import make_run
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.recorder import Recorder, merged
from benchmarks.runs import Point
from benchmarks.trajectories import (
    gap_at,
    makespan,
    time_to_first,
    time_to_gap,
    time_to_makespan,
    time_to_proof,
    trajectory,
)

RUN = make_run((0.1, None, 90), (1.0, 120, 90), (2.0, 104, 95), (8.0, 100, 95), (9.0, 100, 100))

reports = st.lists(
    st.tuples(st.none() | st.integers(50, 99), st.none() | st.integers(1, 50)).filter(any), max_size=12
)


def test_each_stage_is_dated_by_the_first_point_that_reaches_it() -> None:
    assert time_to_first(RUN) == 1.0
    assert time_to_gap(RUN, 100, 0.05) == 2.0
    assert time_to_gap(RUN, 100, 0.01) == 8.0
    assert time_to_proof(RUN) == 9.0


def test_what_is_never_reached_has_no_time() -> None:
    unproven = make_run((1.0, 120, 90))
    assert time_to_makespan(unproven, 119) is None
    assert time_to_proof(unproven) is None
    assert time_to_first(make_run((1.0, None, 90))) is None


def test_the_gap_at_a_time_is_that_of_the_best_schedule_by_then() -> None:
    assert gap_at(RUN, 0.5, 100) is None
    assert gap_at(RUN, 1.5, 100) == 120 / 100 - 1
    assert gap_at(RUN, 60.0, 100) == 0


def test_what_comes_well_after_the_time_limit_does_not_count() -> None:
    late = make_run((50.0, 120, 90), (62.9, 110, 90), (63.1, 90, 90))
    assert makespan(late) == 110
    assert time_to_proof(late) is None


def test_a_refused_schedule_counts_for_nothing_although_it_was_reported() -> None:
    refused = make_run((1.0, 120, 90), (2.0, None, 90), status="rejected")
    assert not trajectory(refused)
    assert time_to_first(refused) is None


@given(reports)
def test_a_recorder_keeps_every_improvement_and_nothing_else(
    values: list[tuple[int | None, int | None]],
) -> None:
    recorder = Recorder()
    for value in values:
        recorder.report(*value)
    points = recorder.points
    assert all(later[1:] != earlier[1:] for earlier, later in pairwise(points))
    found = [makespan for makespan, _ in values if makespan is not None]
    bounds = [bound for _, bound in values if bound is not None]
    if points:
        assert points[-1].makespan == min(found, default=None)
        assert points[-1].lower_bound == max(bounds, default=None)
    else:
        assert not values


@given(st.lists(st.lists(st.tuples(st.floats(0, 9), st.integers(1, 99)), max_size=5), max_size=4))
def test_merging_trajectories_is_the_best_of_all_at_every_time(raw: list[list[tuple[float, int]]]) -> None:
    runs = [[Point(elapsed, value, None) for elapsed, value in sorted(points)] for points in raw]
    together = merged(runs)
    for time in {point.elapsed for points in runs for point in points}:
        known = [point.makespan for points in runs for point in points if point.elapsed <= time]
        assert [point.makespan for point in together if point.elapsed <= time][-1] == min(filter(None, known))
