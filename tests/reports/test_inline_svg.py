"""Charts in notebooks."""

import re
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, uniform_job, zero_idle_period

from gapweave.models.schedule import Schedule
from gapweave.reports.inline_svg import schedule_html
from gapweave.reports.text_gantt import text_gantt

_SVG = "{http://www.w3.org/2000/svg}"


def two_jobs(stages: int = 4, microbatches: int = 6) -> Schedule:
    jobs = [uniform_job(stages, microbatches), uniform_job(stages, microbatches)]
    return build_schedule(make_instance(*jobs, devices=stages))


def drawn(schedule: Schedule) -> ElementTree.Element:
    return ElementTree.fromstring(schedule_html(schedule))


def texts(chart: ElementTree.Element) -> list[str]:
    return ["".join(element.itertext()).strip() for element in chart.iter(f"{_SVG}text")]


@settings(max_examples=30, deadline=None)
@given(schedules())
def test_every_task_is_a_box_in_its_devices_row(schedule: Schedule) -> None:
    chart = drawn(schedule)
    bands = [float(rect.attrib["y"]) for rect in chart.iter(f"{_SVG}rect")]
    left = float(next(chart.iter(f"{_SVG}rect")).attrib["x"])
    width = float(next(chart.iter(f"{_SVG}rect")).attrib["width"])
    found = [
        (float(start), float(top))
        for path in chart.iter(f"{_SVG}path")
        for start, top in re.findall(r"M([\d.]+) ([\d.]+)H", path.attrib["d"])
    ]
    for row in schedule.tasks:
        x = left + row.start / schedule.makespan * width
        assert any(abs(x - start) < 0.2 and abs(bands[row.device] - top) < 0.2 for start, top in found)
    assert len(found) == len(schedule.tasks)


def test_devices_jobs_value_and_numbers_are_written() -> None:
    written = texts(drawn(two_jobs()))
    assert {"made", "gpu0", "gpu3", "0", "5"} <= set(written)
    assert any("job0" in text and "job1" in text for text in written)
    assert any(text.startswith("makespan") for text in written)


def test_a_period_is_marked_instead_of_the_makespan() -> None:
    assert "period 24 ticks" in texts(drawn(zero_idle_period(4, 4)))


def test_a_schedule_of_very_many_tasks_is_shown_in_characters() -> None:
    many = two_jobs(2, 6500)
    assert len(many.tasks) > 50_000
    html = schedule_html(many)
    assert html.startswith("<pre>")
    assert len(html) < 2000
    assert unescape(html[5:-6]) == text_gantt(many, 120)


def test_names_are_never_markup() -> None:
    schedule = two_jobs()
    instance = schedule.instance.model_copy(update={"name": "<b>&\x01"})
    assert "<b>&\ufffd" in texts(drawn(schedule.model_copy(update={"instance": instance})))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    html = schedule_html(two_jobs())
    assert re.findall(r"<script|href|url\(|https?://(?!www\.w3\.org/2000/svg)", html) == []


def test_colours_of_text_are_the_notebooks_own() -> None:
    chart = drawn(two_jobs())
    assert "fill: currentColor" in chart.attrib["style"]


@pytest.mark.parametrize("devices", [1, 40, 300])
def test_names_of_devices_do_not_overlap(devices: int) -> None:
    chart = drawn(build_schedule(make_instance(uniform_job(devices, 2), devices=devices)))
    heights = [
        float(element.attrib["y"])
        for element in chart.iter(f"{_SVG}text")
        if "".join(element.itertext()).startswith("gpu")
    ]
    assert all(lower - upper >= 11 for upper, lower in pairwise(heights))


def test_a_notebook_shows_a_schedule_as_a_chart() -> None:
    schedule = two_jobs()
    assert schedule._repr_html_() == schedule_html(schedule)
