import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, given, settings
from random_schedules import periodic_schedules, schedules
from schedule_factory import build_schedule, make_instance, uniform_job, zero_idle_period
from svg_chart import SvgChart

from gapweave.models.errors import InvalidOption, OutputError
from gapweave.models.schedule import Bound, Schedule
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.gantt import draw_gantt

FORMATS = {"svg": b"<?xml", "png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-"}


def two_jobs(stages: int = 4, microbatches: int = 8) -> Schedule:
    jobs = [uniform_job(stages, microbatches), uniform_job(stages, microbatches)]
    return build_schedule(make_instance(*jobs, devices=stages))


def drawn(schedule: Schedule, folder: Path, title: str | None = None) -> SvgChart:
    draw_gantt(schedule, folder / "chart.svg", None if title is None else [title])
    return SvgChart(folder / "chart.svg")


def with_bound(schedule: Schedule, lower_bound: int) -> Schedule:
    return schedule.model_copy(update={"lower_bound": lower_bound, "bound": Bound(argument="search")})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=schedules())
def test_every_task_is_a_box_with_its_times_in_its_devices_row(schedule: Schedule, tmp_path: Path) -> None:
    chart = drawn(schedule, tmp_path)
    bands = chart.boxes("idle")
    assert len(bands) == len(schedule.instance.devices)
    left, ticks_per_point = bands[0].left, schedule.makespan / (bands[0].right - bands[0].left)
    found = []
    for job in range(len(schedule.instance.jobs)):
        for kind in "FBWO":
            for box in chart.boxes(f"job-{job}-{kind}"):
                start, end = ((x - left) * ticks_per_point for x in (box.left, box.right))
                device = next(row for row, band in enumerate(bands) if abs(band.top - box.top) < 0.01)
                assert (start, end) == pytest.approx((round(start), round(end)), abs=1e-3)
                found.append((job, kind, device, round(start), round(end)))
    assert sorted(found) == sorted((r.job, r.kind, r.device, r.start, r.end) for r in schedule.tasks)


def test_the_first_device_is_on_top_and_each_has_one_label(tmp_path: Path) -> None:
    chart = drawn(two_jobs(), tmp_path)
    tops = [band.top for band in chart.boxes("idle")]
    assert tops == sorted(tops)
    assert [text for text in chart.texts if text.startswith("gpu")] == ["gpu0", "gpu1", "gpu2", "gpu3"]


def test_the_legend_names_jobs_kinds_and_idle_time(tmp_path: Path) -> None:
    texts = drawn(two_jobs(), tmp_path).texts
    assert {"job0", "job1", "idle", "F", "B"} <= set(texts)
    assert not {"W", "O"} & set(texts)


def test_makespan_lower_bound_and_gap_are_written(tmp_path: Path) -> None:
    schedule = two_jobs()
    texts = drawn(with_bound(schedule, schedule.makespan - 1), tmp_path).texts
    gap = f"gap {100 / (schedule.makespan - 1):.2f} %"
    assert f"lower bound {schedule.makespan - 1} ticks" in texts
    assert f"makespan {schedule.makespan} ticks, {gap}" in texts
    assert any(re.fullmatch(rf"objective makespan · .* · {gap} · bubble rate .*", text) for text in texts)


def test_a_period_is_marked_instead_of_the_makespan(tmp_path: Path) -> None:
    texts = drawn(zero_idle_period(4, 4), tmp_path).texts
    assert "period 24 ticks" in texts
    assert not any("makespan" in text for text in texts)


def test_small_charts_number_their_microbatches_and_dense_ones_do_not(tmp_path: Path) -> None:
    assert drawn(two_jobs(4, 8), tmp_path).texts.count("7") == 4 * 2 * 2
    dense = drawn(two_jobs(4, 300), tmp_path)
    assert not {"7", "299"} & set(dense.texts)


def test_the_number_of_shapes_does_not_grow_with_the_number_of_tasks(tmp_path: Path) -> None:
    assert drawn(two_jobs(4, 400), tmp_path).path_count <= drawn(two_jobs(4, 100), tmp_path).path_count + 5


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_chooses_the_format_and_equal_schedules_give_equal_files(
    suffix: str, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        draw_gantt(two_jobs(), tmp_path / f"{name}.{suffix}")
    data = (tmp_path / f"a.{suffix}").read_bytes()
    assert data.startswith(FORMATS[suffix])
    assert data == (tmp_path / f"b.{suffix}").read_bytes()


def test_the_users_matplotlib_settings_neither_show_nor_change(tmp_path: Path) -> None:
    draw_gantt(two_jobs(), tmp_path / "plain.svg")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        before = dict(mpl.rcParams)
        draw_gantt(two_jobs(), tmp_path / "loud.svg")
        assert dict(mpl.rcParams) == before
    assert (tmp_path / "loud.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


@pytest.mark.filterwarnings("error")
def test_names_are_drawn_as_they_are_and_never_as_markup(tmp_path: Path) -> None:
    schedule = two_jobs(1, 1)
    device = schedule.instance.devices[0].model_copy(update={"name": "a\x01<b> & $x^2$"})
    job = schedule.instance.jobs[0].model_copy(update={"name": "_中文"})
    jobs = (job, schedule.instance.jobs[1])
    instance = schedule.instance.model_copy(update={"devices": (device,), "jobs": jobs})
    texts = drawn(schedule.model_copy(update={"instance": instance}), tmp_path, "$\\frac$\n").texts
    assert {"a\ufffd<b> & $x^2$", "_中文", "$\\frac$\ufffd"} <= set(texts)


def test_other_suffixes_are_refused_by_naming_the_known_ones(tmp_path: Path) -> None:
    for name in ("chart.gif", "chart", ".svg"):
        with pytest.raises(InvalidOption, match=r"\.svg, \.png, \.pdf$"):
            draw_gantt(two_jobs(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_output_that_cannot_be_written_leaves_the_old_file_intact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.svg").mkdir()
    for name in ("folder.svg", "missing/chart.svg"):
        with pytest.raises(OutputError):
            draw_gantt(two_jobs(), tmp_path / name)
    old = tmp_path / "chart.svg"
    old.write_bytes(b"old")
    monkeypatch.setattr("os.replace", _full_disk)
    with pytest.raises(OutputError, match="No space"):
        draw_gantt(two_jobs(), old)
    assert old.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chart.svg", "folder.svg"]


def _full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_matplotlib_is_imported_only_to_draw_and_its_absence_is_explained() -> None:
    script = """
import sys
from gapweave.models.errors import MissingExtra
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.gantt import draw_gantt
from schedule_factory import build_schedule, make_instance, uniform_job
assert "matplotlib" not in sys.modules
sys.modules["matplotlib"] = None
try:
    draw_gantt(build_schedule(make_instance(uniform_job(2, 2), devices=2)), "chart.svg")
except MissingExtra as exc:
    print(exc)
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert run.stdout == "drawing charts needs an extra: pip install 'gapweave[plot]'\n", run.stderr
    assert not (Path(__file__).parents[1] / "chart.svg").exists()


def test_pyplot_and_its_global_state_are_never_used(tmp_path: Path) -> None:
    script = """
import sys
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.gantt import draw_gantt
from schedule_factory import build_schedule, make_instance, uniform_job
draw_gantt(build_schedule(make_instance(uniform_job(2, 2), devices=2)), sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
"""
    target = tmp_path / "chart.png"
    subprocess.run([sys.executable, "-c", script, str(target)], check=True, cwd=Path(__file__).parents[1])
    assert target.exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schedule=periodic_schedules())
def test_every_task_of_two_periods_is_a_box_at_its_place(schedule: Schedule, tmp_path: Path) -> None:
    assert schedule.period is not None
    chart = drawn(schedule, tmp_path)
    bands = chart.boxes("idle")
    left, ticks_per_point = bands[0].left, 2 * schedule.period / (bands[0].right - bands[0].left)
    found = []
    for job, kind in sorted({(row.job, row.kind) for row in schedule.tasks}):
        for box in chart.boxes(f"job-{job}-{kind}"):
            start, end = (round((x - left) * ticks_per_point) for x in (box.left, box.right))
            device = next(row for row, band in enumerate(bands) if abs(band.top - box.top) < 0.01)
            found.append((job, kind, device, start, end))
    expected = ChartWindow.of(schedule).cut
    assert sorted(found) == sorted((r.job, r.kind, r.device, r.start, r.end) for r in expected)


def test_steps_of_a_period_have_names_and_every_other_one_has_feet(tmp_path: Path) -> None:
    chart = drawn(zero_idle_period(4, 4), tmp_path)
    assert {"step n", "step n+1", "every other step", "torn: begins before or goes on after"} <= set(
        chart.texts
    )
    marked = [row for row in ChartWindow.of(zero_idle_period(4, 4)).cut if row.step % 2]
    assert len(chart.boxes("feet")) == len(marked)
