"""Methods side by side."""

from collections.abc import Mapping

import pytest
from bench_runs import SETTING, make_run

from benchmarks.comparison import Comparison
from benchmarks.rivalry import rivalry
from benchmarks.runs import Run, Setting


def compared(*runs: Run, known_bounds: Mapping[str, int] | None = None) -> Comparison:
    return Comparison(SETTING, runs, known_bounds or {})


def test_the_reference_bound_is_the_best_that_anyone_has() -> None:
    runs = make_run((1.0, 100, 80)), make_run((1.0, 100, 90), method="cp-sat")
    assert compared(*runs).lower_bounds == {"uniform-p8-m16-k2": 90}
    assert compared(*runs, known_bounds={"uniform-p8-m16-k2": 95}).lower_bounds == {"uniform-p8-m16-k2": 95}


def test_a_bound_above_a_verified_schedule_is_a_contradiction() -> None:
    runs = make_run((1.0, 100, 80)), make_run((1.0, 110, 101), method="cp-sat")
    assert compared(*runs).contradictions == ["uniform-p8-m16-k2"]
    assert compared(runs[0]).contradictions == []


def test_a_method_is_judged_on_what_it_can_express() -> None:
    comparison = compared(make_run(status="not-applicable", method="job-shop-lib"), make_run((1.0, 9, 9)))
    assert comparison.methods == ["job-shop-lib", "gapweave"]
    assert comparison.runs_of("job-shop-lib") == {}


def test_runs_of_another_setting_do_not_count() -> None:
    assert compared(make_run((1.0, 9, 9), setting=Setting(1.0, 1))).by_instance == {}


def test_the_best_of_several_methods_knows_at_any_time_what_any_of_them_knew() -> None:
    early = make_run((1.0, 120, None), method="gpipe")
    late = make_run((2.0, 110, None), method="1f1b")
    best = compared(early, late).with_best_of(["gpipe", "1f1b"], "best").runs_of("best")["uniform-p8-m16-k2"]
    assert best.makespan == 110
    assert [(point.elapsed, point.makespan) for point in best.trajectory] == [(1.0, 120), (2.0, 110)]


def test_speed_is_compared_at_the_rival_s_best_makespan_and_only_where_the_rival_was_slow() -> None:
    own = make_run((0.5, 110, None), (4.0, 90, 90))
    rival = make_run((1.0, 140, None), (50.0, 112, 80), method="cp-sat")
    quick = make_run((0.1, 112, 80), method="pyjobshop")
    comparison = compared(own, rival, quick)
    assert rivalry(comparison, "gapweave", "cp-sat").sooner == pytest.approx(100.0)
    assert rivalry(comparison, "gapweave", "pyjobshop").sooner is None
    assert rivalry(comparison, "gapweave", "cp-sat").better == ("uniform-p8-m16-k2",)


def test_who_never_gets_as_far_is_slower_than_the_time_limit_allows() -> None:
    own = make_run((0.5, 110, None))
    rival = make_run((30.0, 100, None), method="cp-sat")
    found = rivalry(compared(own, rival), "gapweave", "cp-sat")
    assert found.sooner == pytest.approx(30.0 / SETTING.time_limit)
    assert found.worse == ("uniform-p8-m16-k2",)


def test_without_a_schedule_of_the_rival_there_is_nothing_to_compare() -> None:
    comparison = compared(make_run((0.5, 110, None)), make_run(method="cp-sat", status="unknown"))
    assert rivalry(comparison, "gapweave", "cp-sat").instances == 0
