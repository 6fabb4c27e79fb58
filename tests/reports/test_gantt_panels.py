"""Pictures of several schedules above each other, and of memory."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, uniform_job, with_capacity, zero_idle_period
from svg_chart import SvgChart

from gapweave.models.errors import InvalidOption
from gapweave.models.memory import memory_profiles
from gapweave.models.schedule import Schedule
from gapweave.reports.colours import THEMES
from gapweave.reports.gantt import draw_gantt
from gapweave.reports.memory_layers import steps


def two_jobs(stages: int = 3, microbatches: int = 4) -> Schedule:
    jobs = [uniform_job(stages, microbatches), uniform_job(stages, microbatches)]
    return build_schedule(make_instance(*jobs, devices=stages))


def drawn(schedules: Schedule | list[Schedule], folder: Path, **options: Any) -> SvgChart:
    draw_gantt(schedules, folder / "chart.svg", **options)
    return SvgChart(folder / "chart.svg")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=schedules())
def test_the_memory_panel_shows_the_memory_profile(schedule: Schedule, tmp_path: Path) -> None:
    profiles = memory_profiles(schedule)
    full = max(level for profile in profiles for _, level in profile)
    chart = drawn(schedule, tmp_path, memory=True)
    rows = chart.boxes("memory-rows")
    whole = chart.outlines(f"memory-{len(schedule.instance.jobs) - 1}")
    for row, outline, profile in zip(rows, whole, profiles, strict=True):
        ticks = schedule.makespan / (row.right - row.left)
        levels = full / (row.bottom - row.top)
        curve = [((x - row.left) * ticks, (row.bottom - y) * levels) for x, y in outline[1:-1]]
        expected = steps(profile, schedule.makespan)
        assert [time for time, _ in curve] == pytest.approx([time for time, _ in expected], abs=1e-2)
        assert [level for _, level in curve] == pytest.approx([level for _, level in expected], abs=1e-2)


def test_memory_is_drawn_only_if_asked_for_and_if_there_is_any(tmp_path: Path) -> None:
    assert drawn(two_jobs(), tmp_path).boxes("memory-rows") == []
    stages = [{"device": 0, "forward": 1, "backward": 2}]
    nothing = build_schedule(make_instance({"microbatches": 3, "stages": stages}, devices=1))
    assert drawn(nothing, tmp_path, memory=True).boxes("memory-rows") == []
    assert len(drawn(two_jobs(), tmp_path, memory=True).boxes("memory-rows")) == 3


def test_peaks_are_shares_of_the_capacity_where_there_is_one(tmp_path: Path) -> None:
    schedule = with_capacity(two_jobs(3), 12, None, 1)
    texts = drawn(schedule, tmp_path, memory=True).texts
    assert {"25 %", "2 units", "100 %", "peak", "dashed, across: memory capacity"} <= set(texts)


def test_memory_is_drawn_for_both_periods(tmp_path: Path) -> None:
    chart = drawn(zero_idle_period(4, 4), tmp_path, memory=True)
    row, band = chart.boxes("memory-rows")[0], chart.boxes("idle")[0]
    assert (row.left, row.right) == pytest.approx((band.left, band.right))


def test_schedules_above_each_other_share_one_time_axis(tmp_path: Path) -> None:
    short, long = two_jobs(3, 2), two_jobs(2, 9)
    chart = drawn([short, long], tmp_path, titles=["short", "long"])
    upper, lower = chart.boxes("schedule-0-idle"), chart.boxes("schedule-1-idle")
    assert [len(upper), len(lower)] == [3, 2]
    assert max(band.bottom for band in upper) < min(band.top for band in lower)
    assert upper[0].left == pytest.approx(lower[0].left)
    widths = [band.right - band.left for band in (upper[0], lower[0])]
    assert widths[0] / widths[1] == pytest.approx(short.makespan / long.makespan, rel=1e-3)
    assert {"short", "long"} <= set(chart.texts)
    assert chart.texts.count("time (ticks)") == 1


def test_every_task_of_every_schedule_is_drawn(tmp_path: Path) -> None:
    pair = [two_jobs(3, 2), two_jobs(2, 9)]
    chart = drawn(pair, tmp_path)
    for number, schedule in enumerate(pair):
        found = sum(
            len(chart.boxes(f"schedule-{number}-job-{job}-{kind}")) for job in range(2) for kind in "FB"
        )
        assert found == len(schedule.tasks)


def test_several_schedules_say_who_made_them(tmp_path: Path) -> None:
    assert drawn([two_jobs(), two_jobs()], tmp_path).texts.count("factory on made") == 2
    assert "made" in drawn(two_jobs(), tmp_path).texts


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_decides_paper_ink_and_shades(name: Any, tmp_path: Path) -> None:
    drawn(two_jobs(), tmp_path, theme=name, memory=True)
    text = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    own, other = THEMES[name], next(theme for key, theme in THEMES.items() if key != name)
    assert all(colour in text for colour in (own.paper, own.ink, own.shade(1, "B")))
    assert not any(colour in text for colour in (other.quiet_ink, other.idle_tint, other.shade(1, "B")))


def test_what_cannot_be_drawn_together_is_refused(tmp_path: Path) -> None:
    one = two_jobs()
    other = one.model_copy(update={"instance": one.instance.model_copy(update={"time_unit": "us"})})
    with pytest.raises(InvalidOption, match="tick and us cannot share a time axis"):
        draw_gantt([one, other], tmp_path / "chart.svg")
    with pytest.raises(InvalidOption, match="at least one schedule"):
        draw_gantt([], tmp_path / "chart.svg")
    with pytest.raises(InvalidOption, match=r"expected 1 titles .*, got 2"):
        draw_gantt(one, tmp_path / "chart.svg", ["one", "two"])
    assert not list(tmp_path.iterdir())
