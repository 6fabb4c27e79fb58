"""Groups of targets: their instances exist, and a target is met only by runs that reach it."""

from dataclasses import replace
from pathlib import Path

import pytest
from bench_runs import SETTING, make_run

from benchmarks.places import load_place
from benchmarks.report import page
from benchmarks.runs import Run, Setting
from benchmarks.target_groups import Group, geometric_mean, groups
from benchmarks.targets import main, runs_of, summary
from gapweave import InvalidOption

GROUPS = {group.name: group for group in groups()}
LARGE = "made, 64 devices, 64 to 512 microbatches, two jobs"


def at_bound(group: Group, makespan: int = 100) -> list[Run]:
    return [
        make_run((1.0, makespan, 100), instance=place, method=group.method, status="optimal")
        for place in group.places
    ]


@pytest.mark.parametrize("name", [name for name in GROUPS if name != LARGE])
def test_every_place_of_a_group_is_an_instance_of_its_own(name: str) -> None:
    places = GROUPS[name].places
    assert len(set(places)) == len(places)
    assert all(load_place(place).task_count > 0 for place in places[:: max(1, len(places) // 4)])


def test_the_groups_have_the_sizes_that_they_are_meant_to_have() -> None:
    sizes = [len(group.places) for group in groups()]
    assert sizes == [12, 12, 4, 24, 24, 24, 36, 36, 12, 24, 24, 24, 24, 4]


def test_another_draw_makes_other_instances_of_the_same_kinds() -> None:
    for group, other in zip(groups(), groups(draw=1), strict=True):
        assert (group.name, len(group.places)) == (other.name, len(other.places))
        is_drawn = group.name.startswith("made") and group.name != LARGE
        assert set(group.places).isdisjoint(other.places) == is_drawn


def test_groups_that_do_not_exist_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--groups", "no such group"]) == 2
    assert "--groups: none matches, known are fusions without cap" in capsys.readouterr().err


def test_a_draw_below_zero_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--draw", "-1", "--groups", "no such group"])
    assert "--draw: expected an integer from 0 on, got '-1'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["measured pairs", "made, two jobs", "made, three and four jobs"])
def test_one_gap_above_the_limit_misses_a_target(name: str) -> None:
    group = GROUPS[name]
    runs = at_bound(group)
    assert group.is_met(runs)
    wide = make_run((1.0, 102, 100), instance=group.places[3], method=group.method)
    assert not group.is_met([*runs[:3], wide, *runs[4:]])


def test_too_few_proofs_miss_a_target_whatever_the_gaps() -> None:
    group = GROUPS["made, two jobs"]
    runs = [replace(run, status="feasible") for run in at_bound(group)]
    assert not group.is_met(runs)


def test_a_run_without_a_schedule_misses_every_target() -> None:
    for group in groups():
        runs = [make_run(instance=place, method=group.method, status="unknown") for place in group.places]
        assert not group.is_met(runs)


def test_capped_fusions_must_reach_the_known_values() -> None:
    group = GROUPS["fusions under their cap"]
    values = {"fusion-07-cap": 330, "fusion-09-cap": 607, "fusion-10-cap": 318}

    def runs(values: dict[str, int]) -> list[Run]:
        return [replace(run, makespan=values.get(run.request.instance, 100)) for run in at_bound(group)]

    assert group.is_met(runs(values))
    assert not group.is_met(runs(values | {"fusion-09-cap": 608}))


def test_growth_is_judged_by_the_time_to_one_percent() -> None:
    group = GROUPS[LARGE]
    doubling = [
        make_run((0.5, 200, 100), (2.0**k, 100, 100), instance=place) for k, place in enumerate(group.places)
    ]
    assert group.is_met(doubling)
    late = make_run((0.5, 200, 100), (20.0, 100, 100), instance=group.places[3])
    assert not group.is_met([*doubling[:3], late])


def test_the_geometric_mean_of_equal_gaps_is_that_gap() -> None:
    assert geometric_mean([0.02, 0.02, 0.02]) == pytest.approx(0.02)
    assert geometric_mean([0.0, 0.03]) < 0.015


def test_the_last_run_of_each_place_counts_under_its_setting_only() -> None:
    group = GROUPS["fusions without cap"]
    old, new = at_bound(group, 110), at_bound(group)
    other = [replace(run, request=replace(run.request, setting=Setting(1.0, 1))) for run in old]
    assert runs_of(group, SETTING, [*old, *new, *other]) == new


def test_a_line_says_how_many_runs_are_missing() -> None:
    group = GROUPS["fusions without cap"]
    assert summary(group, [])[1] == "not run"
    assert summary(group, at_bound(group)[:5])[1] == "5 of 12"
    assert summary(group, at_bound(group))[-1] == "yes"


def test_the_report_lists_what_is_not_proven(tmp_path: Path) -> None:
    held = [make_run((2.0, 713, 708), instance="fusion-00-cap"), make_run(instance="fusion-01-cap")]
    text = "\n".join(page([], held, [], tmp_path / "benchmarks.md"))
    assert "fusions under their cap: not proven optimal" in text
    assert "| fusion-00-cap | 713 | 708 | 0.71 % | 2.00 | 2.00 |" in text


def test_places_are_names_files_placements_and_recipes(tmp_path: Path) -> None:
    pair = load_place("zb-6.2b+1.5b-p8-m24-2x")
    turned = load_place("zb-6.2b+1.5b-p8-m24-2x@reversed")
    assert [stage.device for stage in turned.jobs[1].stages] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert load_place(str(pair.save(tmp_path / "pair.json") or tmp_path / "pair.json")) == pair
    made = load_place(
        "make --devices 3 --microbatches 2,4 --split --transfer 7 --memory-microbatches 4 --seed 1"
    )
    assert (len(made.devices), made.jobs[1].microbatch_count, made.jobs[0].forward_lags) == (3, 4, (7, 7))


@pytest.mark.parametrize(
    "place", ["make --devices x", "make --seed 1", "uniform-p4-m8-k1@sideways", "make --no"]
)
def test_a_place_that_is_none_is_refused_in_one_line(place: str) -> None:
    with pytest.raises(InvalidOption) as refusal:
        load_place(place)
    assert "\n" not in str(refusal.value)
