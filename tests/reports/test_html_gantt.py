import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from html_document import HtmlDocument
from hypothesis import HealthCheck, given, settings
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, uniform_job, with_capacity, zero_idle_period

from gapweave.models.errors import InvalidOption, OutputError
from gapweave.models.idle import idle_intervals
from gapweave.models.memory import memory_profiles
from gapweave.models.schedule import Bound, Schedule
from gapweave.models.steady_window import images
from gapweave.reports.colours import THEMES
from gapweave.reports.html_gantt import draw_html

MANY = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def two_jobs(stages: int = 3, microbatches: int = 4) -> Schedule:
    jobs = [uniform_job(stages, microbatches), uniform_job(stages, microbatches)]
    return build_schedule(make_instance(*jobs, devices=stages))


def renamed(schedule: Schedule, name: str) -> Schedule:
    """The schedule with this name for the instance, its first device and its first job."""
    instance = schedule.instance
    devices = (instance.devices[0].model_copy(update={"name": name}), *instance.devices[1:])
    jobs = (instance.jobs[0].model_copy(update={"name": name}), *instance.jobs[1:])
    update = {"name": name, "devices": devices, "jobs": jobs}
    return schedule.model_copy(update={"instance": instance.model_copy(update=update)})


def drawn(schedules: Schedule | list[Schedule], folder: Path, **options: Any) -> HtmlDocument:
    draw_html(schedules, folder / "chart.html", **options)
    return HtmlDocument((folder / "chart.html").read_text(encoding="utf-8"))


def texts(page: HtmlDocument) -> list[str]:
    return [note["text"] for note in page.data["figure"]["layout"]["annotations"]]


@MANY
@given(schedule=schedules())
def test_every_task_idle_interval_and_memory_level_is_in_the_page(schedule: Schedule, tmp_path: Path) -> None:
    (shown,) = drawn(schedule, tmp_path).data["schedules"]
    assert shown["tasks"] == [list(row) for row in schedule.tasks]
    idle = [[gap.device, gap.start, gap.end, gap.phase] for gap in idle_intervals(schedule)]
    assert shown["idle"] == idle
    levels = [[list(step) for step in profile] for profile in memory_profiles(schedule)]
    if shown["memory"] is None:
        assert all(level == 0 for profile in levels for _, level in profile)
    else:
        assert shown["memory"]["layers"][-1]["profiles"] == levels


def test_several_schedules_share_one_time_axis_and_follow_each_other_down_the_page(tmp_path: Path) -> None:
    short, long = two_jobs(3, 2), two_jobs(2, 9)
    data = drawn([short, long], tmp_path).data
    assert data["figure"]["layout"]["xaxis"]["range"] == [0, long.makespan]
    first, second = data["schedules"]
    assert first["bottom"] < second["track"]["top"]
    assert [len(first["devices"]), len(second["devices"])] == [3, 2]
    assert {row[5] for row in first["tasks"]} == {0, 1, 2}


def test_titles_values_and_bounds_are_written(tmp_path: Path) -> None:
    schedule = two_jobs()
    bound = schedule.makespan - 1
    proven = schedule.model_copy(update={"lower_bound": bound, "bound": Bound(argument="search")})
    page = drawn([schedule, proven], tmp_path, titles=["without", "with"])
    assert {"<b>without</b>", "<b>with</b>", f"lower bound {bound} ticks"} <= set(texts(page))
    assert sum(text.startswith(f"makespan {schedule.makespan} ticks") for text in texts(page)) == 2
    marked = [[marker["time"] for marker in one["markers"]] for one in page.data["schedules"]]
    assert marked == [[schedule.makespan], [bound, schedule.makespan]]


def test_one_schedule_has_its_title_as_the_pages_title(tmp_path: Path) -> None:
    page = drawn(two_jobs(), tmp_path, titles=["this one"])
    assert [element.text for element in (*page.all("h1"), *page.all("title"))] == ["this one"] * 2
    assert not any("this one" in text for text in texts(page))


def test_two_periods_are_marked_with_all_that_runs_in_them(tmp_path: Path) -> None:
    schedule = zero_idle_period(4, 4)
    (shown,) = drawn(schedule, tmp_path).data["schedules"]
    assert [marker["time"] for marker in shown["markers"]] == [24, 48]
    assert (shown["begin"], shown["end"], shown["memory"]["end"]) == (0, 48, 48)
    assert [tuple(row) for row in shown["tasks"]] == images(schedule, 0, 48)
    assert [step["name"] for step in shown["steps"] if step["job"] == 1] == [
        "step n\N{MINUS SIGN}1",
        "step n",
        "step n+1",
    ]
    assert shown["stepNames"] == {"-1": "step n\N{MINUS SIGN}1", "0": "step n", "1": "step n+1"}


def test_idle_time_of_a_period_is_shown_in_both(tmp_path: Path) -> None:
    schedule = zero_idle_period(4, 4, period=25)
    (shown,) = drawn(schedule, tmp_path).data["schedules"]
    once = [(gap.device, gap.start, gap.end, gap.phase) for gap in idle_intervals(schedule)]
    again = [(device, start + 25, end + 25, phase) for device, start, end, phase in once]
    assert once
    assert [tuple(gap) for gap in shown["idle"]] == [*once, *again]


def test_capacities_are_those_of_the_devices_and_the_largest_fills_a_row(tmp_path: Path) -> None:
    schedule = with_capacity(two_jobs(3), 50, 40, None)
    (shown,) = drawn(schedule, tmp_path).data["schedules"]
    assert shown["memory"]["capacities"] == [50, 40, None]
    assert shown["memory"]["full"] == 50


def test_an_instance_without_memory_amounts_has_no_memory_rows(tmp_path: Path) -> None:
    stages = [{"device": 0, "forward": 1, "backward": 2}]
    schedule = build_schedule(make_instance({"microbatches": 3, "stages": stages}, devices=1))
    (shown,) = drawn(schedule, tmp_path).data["schedules"]
    assert shown["memory"] is None
    assert shown["bottom"] == pytest.approx(shown["track"]["top"] + shown["track"]["pitch"])


def test_the_page_loads_nothing_and_forbids_to_load_anything(tmp_path: Path) -> None:
    page = drawn([two_jobs(), two_jobs()], tmp_path)
    assert page.loaded == []
    (policy,) = (
        meta.attributes["content"]
        for meta in page.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "http" not in policy
    assert all("src" not in script.attributes for script in page.all("script"))


def test_the_page_holds_plotly_and_is_otherwise_small(tmp_path: Path) -> None:
    from plotly.offline import get_plotlyjs

    page = drawn(two_jobs(), tmp_path).page
    assert get_plotlyjs() in page
    assert len(page) < len(get_plotlyjs()) + 60_000


def test_plotly_accepts_the_figure_in_every_theme(tmp_path: Path) -> None:
    from plotly.graph_objects import Figure

    data = drawn(renamed(two_jobs(), "$x^2$"), tmp_path).data
    assert set(data["palettes"]) == set(THEMES)
    for palette in data["palettes"].values():
        figure = coloured(data["figure"], palette)
        assert Figure(data=figure["data"], layout=figure["layout"]).layout.font.color == palette["@ink"]


def coloured(value: Any, palette: dict[str, str]) -> Any:
    """The value with every name of a colour replaced, as the page's script does."""
    if isinstance(value, dict):
        return {key: coloured(part, palette) for key, part in value.items()}
    if isinstance(value, list):
        return [coloured(part, palette) for part in value]
    return palette[value] if isinstance(value, str) and value.startswith("@") else value


def test_every_job_and_kind_has_a_colour_and_one_for_its_numbers(tmp_path: Path) -> None:
    data = drawn(two_jobs(), tmp_path).data
    assert [(group["job"], group["kind"]) for group in data["groups"]] == [
        (0, "F"),
        (0, "B"),
        (1, "F"),
        (1, "B"),
    ]
    for palette in data["palettes"].values():
        for group in data["groups"]:
            name = f"{group['job']}-{group['kind']}"
            assert palette[f"@job-{name}"] != palette[f"@on-{name}"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "</script><b>", "a & b", "@ink", "$x^2$"])
def test_names_are_shown_as_they_are_and_never_as_markup(name: str, tmp_path: Path) -> None:
    plain, named = drawn(two_jobs(), tmp_path), drawn(renamed(two_jobs(), name), tmp_path)
    assert [element.tag for element in named.elements] == [element.tag for element in plain.elements]
    assert named.all("h1")[0].text == name
    assert named.data["jobs"][0] == named.data["schedules"][0]["devices"][0] == name
    labels = named.data["figure"]["layout"]["yaxis"]["ticktext"]
    assert not any(mark in labels[0] for mark in "<$")


def test_equal_schedules_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        draw_html([two_jobs(), two_jobs(2)], tmp_path / f"{name}.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize("theme", [None, *THEMES])
def test_a_theme_is_forced_only_if_one_is_asked_for(theme: Any, tmp_path: Path) -> None:
    (root,) = drawn(two_jobs(), tmp_path, theme=theme).all("html")
    assert root.attributes.get("data-theme") == theme


def test_what_cannot_be_drawn_together_is_refused(tmp_path: Path) -> None:
    one = two_jobs()
    other = one.model_copy(update={"instance": one.instance.model_copy(update={"time_unit": "ms"})})
    with pytest.raises(InvalidOption, match="ms and tick cannot share a time axis"):
        draw_html([one, other], tmp_path / "chart.html")
    with pytest.raises(InvalidOption, match="at least one schedule"):
        draw_html([], tmp_path / "chart.html")
    with pytest.raises(InvalidOption, match=r"expected 2 titles .*, got 1"):
        draw_html([one, one], tmp_path / "chart.html", ["only one"])
    with pytest.raises(InvalidOption, match=r"ends in \.html"):
        draw_html(one, tmp_path / "chart.htm")
    with pytest.raises(OutputError):
        draw_html(one, tmp_path / "missing" / "chart.html")
    assert not list(tmp_path.iterdir())


def test_plotly_is_imported_only_to_draw_and_its_absence_is_explained() -> None:
    script = """
import sys
from gapweave.models.errors import MissingExtra
from gapweave.reports.html_gantt import draw_html
from schedule_factory import build_schedule, make_instance, uniform_job
assert "plotly" not in sys.modules
sys.modules["plotly"] = None
try:
    draw_html(build_schedule(make_instance(uniform_job(2, 2), devices=2)), "chart.html")
except MissingExtra as exc:
    print(exc)
"""
    tests = Path(__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tests)
    assert run.stdout == "drawing interactive charts needs an extra: pip install 'gapweave[plot]'\n", (
        run.stderr
    )
    assert not (tests / "chart.html").exists()
