"""Trade-offs as pages, pictures and tables."""

import csv
import io
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from fronts import made_front
from html_document import HtmlDocument
from svg_chart import SvgChart

from gapweave.models.errors import InvalidOption
from gapweave.reports.colours import DARK, LIGHT
from gapweave.reports.gantt_style import chart_settings
from gapweave.reports.pareto_chart import pareto_figure
from gapweave.reports.pareto_page import pareto_html, write_pareto
from gapweave.reports.pareto_points import (
    Point,
    Step,
    bound_steps,
    points,
    reached_steps,
    slack_name,
    subject,
)
from gapweave.reports.pareto_table import pareto_table
from gapweave.reports.pareto_words import pareto_words
from gapweave.solver.pareto import ParetoFront

MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def written(front: ParetoFront, folder: Path, suffix: str) -> str:
    write_pareto(front, folder / f"front.{suffix}")
    return (folder / f"front.{suffix}").read_text(encoding="utf-8")


def with_delays(front: ParetoFront, *delays: float | None) -> ParetoFront:
    rows = zip(front.rows, delays, strict=True)
    return replace(front, rows=tuple(replace(row, primary_delay=delay) for row, delay in rows))


def test_rows_are_named_by_what_they_allow() -> None:
    assert [slack_name(row) for row in made_front().rows] == ["as alone", "5 %", "10 %", "no limit"]


def test_a_title_says_where_the_secondary_was_placed() -> None:
    front = made_front()
    name = front.instance.name
    assert subject(front) == name
    rows = tuple(replace(row, placement="reversed") for row in front.rows[:2])
    assert subject(replace(front, rows=rows + front.rows[2:])) == f"{name}, reversed"


def test_rows_that_reach_the_same_share_a_point() -> None:
    front = made_front()
    first, second = points(front)
    assert first.names == ("as alone", "5 %")
    assert second.names == ("no limit",)
    assert (second.makespan, first.slowdown) == (front.rows[-1].makespan, 0.0)


def test_a_bound_holds_up_to_its_slack() -> None:
    front = made_front()
    assert bound_steps(front.rows) == [
        Step(0.05, front.rows[1].lower_bound or 0),
        Step(None, front.rows[3].lower_bound or 0),
    ]


def test_the_least_makespan_found_falls_with_the_slowdown() -> None:
    found = [
        Point(slowdown, makespan, 1, ()) for slowdown, makespan in ((0.0, 9), (0.0, 7), (0.1, 8), (0.2, 5))
    ]
    assert reached_steps(found) == [Step(0.2, 7), Step(None, 5)]


def test_words_tell_each_step_and_its_price() -> None:
    front = made_front()
    words = pareto_words(front)
    assert words.startswith(
        "Alone, the primary ends after 18 ticks (proven optimal). If it runs exactly so, "
    )
    assert words.count("all jobs end") == 2
    assert "Without a limit, at a slowdown of" in words
    assert "no sooner than one after the other" in words


def test_words_of_a_front_without_schedules_speak_of_the_primary() -> None:
    front = made_front()
    assert pareto_words(replace(front, rows=front.rows[2:3])).count(".") == 1


def test_the_table_has_a_row_for_each_slack() -> None:
    front = made_front()
    table = pareto_table(front)
    ends = table.columns.index("primary ends")
    assert [cells[0].text for cells in table.rows] == [slack_name(row) for row in front.rows]
    assert [cells[ends].text for cells in table.rows] == [
        "" if row.primary_makespan is None else f"{row.primary_makespan} ticks" for row in front.rows
    ]


def test_csv_parses_back_to_the_rows(tmp_path: Path) -> None:
    front = made_front()
    lines = list(csv.DictReader(io.StringIO(written(front, tmp_path, "csv"))))
    for line, row in zip(lines, front.rows, strict=True):
        for name, value in row.to_document().items():
            assert line[name] == ("" if value is None else str(value))


def test_markdown_has_words_table_and_reasons(tmp_path: Path) -> None:
    front = made_front()
    lines = written(front, tmp_path, "md").splitlines()
    assert lines[0] == pareto_words(front)
    table = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    assert [cells[0].strip() for cells in table[2:]] == [slack_name(row) for row in front.rows]
    assert lines[-1] == "- 10 % (joint): nothing | <found>"


def test_the_page_has_words_chart_table_and_each_schedule_once(tmp_path: Path) -> None:
    front = made_front()
    page = HtmlDocument(written(front, tmp_path, "html"))
    assert page.loaded == []
    assert pareto_words(front) in page.all("p")[0].text
    assert len(page.all("tr")) == 1 + len(front.rows)
    assert len(page.all("figure")) == len(page.all("svg")) == 1
    assert len(page.data["schedules"]) == 2
    assert any(cell.text == "nothing | <found>" for cell in page.all("td"))


def test_the_chart_on_a_page_follows_its_theme(tmp_path: Path) -> None:
    page = written(made_front(), tmp_path, "html")
    chart = page[page.index("<svg") : page.index("</svg>")]
    assert f"light-dark({LIGHT.ink}, {DARK.ink})" in chart
    assert LIGHT.ink not in chart.replace(f"light-dark({LIGHT.ink}, {DARK.ink})", "")
    assert "<metadata>" not in chart


def test_a_front_without_schedules_is_a_page_all_the_same(tmp_path: Path) -> None:
    front = made_front()
    page = HtmlDocument(written(replace(front, rows=front.rows[2:3]), tmp_path, "html"))
    assert page.all("script") == []
    assert len(page.all("tr")) == 2


@pytest.mark.parametrize("suffix", MAGIC)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chart_is_a_picture_of_each_format(tmp_path: Path, suffix: str, theme: str) -> None:
    write_pareto(made_front(), tmp_path / f"front.{suffix}", theme=theme)  # type: ignore[arg-type]
    assert (tmp_path / f"front.{suffix}").read_bytes().startswith(MAGIC[suffix])


def test_the_picture_names_every_point_and_what_job_after_job_takes(tmp_path: Path) -> None:
    front = made_front()
    written(front, tmp_path, "svg")
    text = " ".join(SvgChart(tmp_path / "front.svg").texts)
    for point in points(front):
        assert ", ".join(point.names) in text
        assert f"{point.makespan} ticks" in text
    assert f"one after the other {front.sequential} ticks" in text


def test_equal_fronts_give_equal_files(tmp_path: Path) -> None:
    assert written(made_front(), tmp_path, "svg") == written(made_front(), tmp_path, "svg")


@pytest.mark.parametrize(
    ("delays", "expected"),
    [((0.0, 0.02, None, 0.04), False), ((0.0, 0.02, None, 0.9), True), ((-0.1, -0.1, None, 0.5), True)],
)
def test_an_axis_goes_on_in_powers_only_where_a_slowdown_is_far(
    tmp_path: Path, delays: tuple[float | None, ...], expected: bool
) -> None:
    written(with_delays(made_front(), *delays), tmp_path, "svg")
    text = " ".join(SvgChart(tmp_path / "front.svg").texts)
    assert ("logarithmic" in text) == expected


@pytest.mark.parametrize(
    "places",
    [
        [(0.0, 118), (0.0, 110), (0.52, 105)],
        [(0.0, 118), (0.0, 116), (0.01, 115), (0.02, 114), (0.05, 113), (0.051, 112)],
        [(0.0, 3000), (0.0, 2000), (0.01, 1990), (0.02, 1980), (0.05, 1970), (3.0, 1960)],
        [(0.05, 100), (0.05, 99)],
    ],
    ids=str,
)
def test_no_label_covers_another_or_leaves_the_picture(places: list[tuple[float, int]]) -> None:
    front = made_front()
    rows = tuple(
        replace(front.rows[1], primary_delay=slowdown, makespan=makespan, lower_bound=90, slack=number / 100)
        for number, (slowdown, makespan) in enumerate(places)
    )
    with chart_settings():
        figure = pareto_figure(replace(front, rows=rows, sequential=None), LIGHT)
        figure.draw_without_rendering()
        labels = [text for text in figure.axes[0].texts if "ticks" in text.get_text()]
        boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) == len(places)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_other_suffixes_are_refused_by_naming_the_known_ones(tmp_path: Path) -> None:
    for name in ("front.json", "front", ".html"):
        with pytest.raises(InvalidOption, match=r"\.html, \.csv, \.md, \.svg, \.png, \.pdf$"):
            write_pareto(made_front(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_the_text_on_a_page_and_in_a_notebook_is_the_same() -> None:
    front = made_front()
    page = HtmlDocument(pareto_html(front))
    assert len(page.all("tr")) == 1 + len(front.rows)
