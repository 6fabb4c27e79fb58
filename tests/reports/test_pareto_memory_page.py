"""Period against memory as pages, pictures and tables, of a made front: no solver runs."""

import csv
import io
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from comparisons import row
from html_document import HtmlDocument
from schedule_factory import claimed, zero_idle_period
from svg_chart import SvgChart

from gapweave.models.schedule import Bound, Schedule
from gapweave.reports.colours import LIGHT
from gapweave.reports.gantt_style import chart_settings
from gapweave.reports.pareto_memory_chart import pareto_memory_figure
from gapweave.reports.pareto_memory_page import memory_trade_off, pareto_memory_html, write_pareto_memory
from gapweave.reports.pareto_memory_points import MemoryBound, MemoryPoint, memory_bounds, memory_points
from gapweave.reports.pareto_memory_words import pareto_memory_words
from gapweave.solver.one_after_the_other import OneAfterTheOther
from gapweave.solver.pareto_memory import MemoryFront, MemoryRow

MAGIC = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}


def slowed(factor: int) -> Schedule:
    best = zero_idle_period(4, 4)
    rows = [
        one._replace(start=factor * one.start, end=factor * one.start + one.end - one.start)
        for one in best.tasks
    ]
    return claimed(best.instance, best.steps, rows, period=24 * factor)


def memory_row(free: int | None, needed: int, factor: int, bound: int) -> MemoryRow:
    schedule = slowed(factor).model_copy(
        update={
            "lower_bound": bound,
            "bound": Bound(argument="search"),
            "status": "optimal" if bound == 24 * factor else "feasible",
        }
    )
    own = row("solver", schedule, bubble_rate=1 - 1 / factor, seconds=0.5)
    return MemoryRow(**vars(own), free=free, needed=needed, period=24 * factor, load=24)


def made_front() -> MemoryFront:
    rows = (
        memory_row(1, 1, 4, 96),
        memory_row(2, 2, 2, 40),
        memory_row(3, 2, 2, 30),
        MemoryRow("solver", "joint", "unknown", free=4, reason="nothing | <found>"),
        memory_row(None, 5, 1, 24),
    )
    return MemoryFront(zero_idle_period(4, 4).instance, None, OneAfterTheOther(42, 4), rows)


def test_points_are_the_schedules_that_more_memory_makes_shorter() -> None:
    assert memory_points(made_front().rows) == [
        MemoryPoint(1, 96, is_proven=True),
        MemoryPoint(2, 48, is_proven=False),
        MemoryPoint(5, 24, is_proven=True),
    ]


def test_each_bound_holds_up_to_its_capacity() -> None:
    assert memory_bounds(made_front().rows) == [
        MemoryBound(1, 96),
        MemoryBound(2, 40),
        MemoryBound(3, 30),
        MemoryBound(None, 24),
    ]


def test_words_say_the_least_the_most_and_what_1f1b_has() -> None:
    words = pareto_memory_words(made_front())
    assert words.startswith("With 1 unit free on each device, the least that works, the period is 96 ticks ")
    assert "5 units are as good as no limit: 24 ticks (bubble rate 0 %, proven optimal)" in words
    assert "under 1F1B takes 42 ticks with 4 units; all together, no more memory allows 48 ticks" in words
    assert pareto_memory_words(replace(made_front(), rows=made_front().rows[3:4])) == "No schedule was found."


def test_the_table_has_a_row_for_each_capacity() -> None:
    table = memory_trade_off(made_front()).table
    assert [cells[0].text for cells in table.rows] == ["1 unit", "2 units", "3 units", "4 units", "no limit"]
    assert table.reasons[3] == "nothing | <found>"


def test_csv_parses_back_to_the_rows(tmp_path: Path) -> None:
    front = made_front()
    write_pareto_memory(front, tmp_path / "front.csv")
    lines = csv.DictReader(io.StringIO((tmp_path / "front.csv").read_text(encoding="utf-8")))
    for line, one in zip(lines, front.rows, strict=True):
        for name, value in one.to_document().items():
            assert line[name] == ("" if value is None else str(value))


def test_markdown_has_words_table_and_reasons(tmp_path: Path) -> None:
    write_pareto_memory(made_front(), tmp_path / "front.md")
    lines = (tmp_path / "front.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == pareto_memory_words(made_front())
    assert lines[-1] == "- 4 units (joint): nothing | <found>"
    assert sum(line.startswith("|") for line in lines) == 2 + 5


@pytest.mark.parametrize("suffix", MAGIC)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chart_is_a_picture_of_each_format(tmp_path: Path, suffix: str, theme: str) -> None:
    write_pareto_memory(made_front(), tmp_path / f"front.{suffix}", theme=theme)  # type: ignore[arg-type]
    assert (tmp_path / f"front.{suffix}").read_bytes().startswith(MAGIC[suffix])


def test_the_chart_names_what_it_shows(tmp_path: Path) -> None:
    write_pareto_memory(made_front(), tmp_path / "front.svg")
    texts = SvgChart(tmp_path / "front.svg").texts
    expected = {"75 %", "50 %", "0 %", "proven least", "not proven", "found", "1F1B, one after the other"}
    assert expected <= set(texts)


def test_no_label_covers_another_or_leaves_the_picture() -> None:
    with chart_settings():
        figure = pareto_memory_figure(made_front(), LIGHT)
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_front_of_one_row_without_1f1b_is_drawn_too(tmp_path: Path) -> None:
    front = replace(made_front(), rows=made_front().rows[-1:], one_after_the_other=None)
    write_pareto_memory(front, tmp_path / "front.svg")
    assert "more memory buys nothing" in pareto_memory_words(front)


def test_a_page_holds_words_table_chart_and_each_schedule_once(tmp_path: Path) -> None:
    write_pareto_memory(made_front(), tmp_path / "front.html")
    page = HtmlDocument((tmp_path / "front.html").read_text(encoding="utf-8"))
    assert len(page.all("tr")) == 1 + 5
    assert "nothing | <found>" in pareto_memory_html(made_front()).replace("&lt;", "<").replace("&gt;", ">")
    assert len(page.data["schedules"]) == 3


def test_words_call_no_capacity_the_least_if_nothing_was_found_for_a_smaller_one() -> None:
    front = made_front()
    unknown = MemoryRow("solver", "joint", "unknown", free=1, reason="no time was left for it")
    words = pareto_memory_words(replace(front, rows=(unknown, *front.rows[1:])))
    assert words.startswith("With 2 units free on each device, the period is 48 ticks ")
