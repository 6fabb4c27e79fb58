"""Comparisons as pages, tables and data frames."""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from comparisons import made_comparison
from html_document import HtmlDocument

from gapweave.models.errors import InvalidOption
from gapweave.reports.comparison_html import comparison_html
from gapweave.reports.comparison_page import write_comparison
from gapweave.reports.comparison_table import comparison_table
from gapweave.reports.comparison_words import in_words
from gapweave.reports.frames import comparison_frame
from gapweave.reports.row_table import RowTable
from gapweave.solver.compare import Comparison


def written(comparison: Comparison, folder: Path, suffix: str) -> str:
    write_comparison(comparison, folder / f"comparison.{suffix}")
    return (folder / f"comparison.{suffix}").read_text(encoding="utf-8")


def best_cells(table: RowTable) -> dict[str, list[str]]:
    """For each column the methods whose value is marked."""
    return {
        name: [cells[0].text for cells in table.rows if cells[index].is_best]
        for index, name in enumerate(table.columns)
    }


def test_the_best_value_of_each_measure_is_marked() -> None:
    best = best_cells(comparison_table(made_comparison()))
    assert best["makespan"] == best["bubble rate"] == best["gain"] == ["solver"]
    assert best["primary delay"] == ["sequential", "greedy-fill"]
    assert best["seconds"] == best["method"] == []


def test_nothing_is_best_where_all_are_equal() -> None:
    comparison = made_comparison()
    alone = replace(comparison, rows=comparison.rows[:1])
    assert not any(cell.is_best for cells in comparison_table(alone).rows for cell in cells)


def test_placements_are_a_column_only_where_there_is_a_choice() -> None:
    comparison = made_comparison()
    assert "placement" not in comparison_table(comparison).columns
    moved = replace(comparison.rows[1], placement="reversed")
    table = comparison_table(replace(comparison, rows=(comparison.rows[0], moved)))
    placements = table.columns.index("placement")
    assert [cells[placements].text for cells in table.rows] == ["given", "reversed"]


def test_words_say_what_pairing_buys_and_costs() -> None:
    comparison = made_comparison()
    apart, joint, fill = (row.makespan or 0 for row in comparison.rows[:3])
    words = in_words(comparison)
    assert "\n" not in words
    assert f"all jobs end after {joint} ticks" in words
    assert f"instead of {apart} ticks" in words
    assert "The primary job ends 25 % later" in words
    gain = re.search(r"without any delay greedy-fill in fill mode still gains ([\d.]+) %", words)
    assert gain is not None
    assert float(gain[1]) == pytest.approx(100 * (apart / fill - 1), abs=0.06)
    peaks = [comparison.rows[index].peak_memory or 0 for index in (0, 1)]
    assert f"{peaks[1]} units" in words
    assert ("more than" in words) == (peaks[1] > peaks[0])


def test_words_claim_no_gain_where_there_is_none() -> None:
    comparison = made_comparison()
    assert in_words(replace(comparison, rows=comparison.rows[:1])).startswith("Pairing buys nothing here")
    assert in_words(replace(comparison, rows=comparison.rows[3:])) == "No method found a schedule."


def test_the_page_has_the_words_the_table_and_the_schedules_from_best_to_worst(tmp_path: Path) -> None:
    comparison = made_comparison()
    page = HtmlDocument(written(comparison, tmp_path, "html"))
    assert page.loaded == []
    assert in_words(comparison) in page.all("p")[0].text
    assert len(page.all("tr")) == 1 + len(comparison.rows)
    assert [b.text for b in page.all("b")].count(f"{comparison.rows[1].makespan} ticks") == 1
    assert any(cell.text == "1f1b schedules one job | <this> has 2" for cell in page.all("td"))
    makespans = [max(task[7] for task in one["tasks"]) for one in page.data["schedules"]]
    assert makespans == sorted(row.makespan for row in comparison.rows if row.makespan)


def test_a_page_draws_the_best_schedules_only(tmp_path: Path) -> None:
    comparison = made_comparison()
    many = replace(comparison, rows=comparison.rows[:3] * 5)
    page = HtmlDocument(written(many, tmp_path, "html"))
    assert len(page.data["schedules"]) == 8
    assert "The 8 best of 15 schedules" in [heading.text for heading in page.all("h2")]


def test_the_chart_has_the_bounds_of_the_table(tmp_path: Path) -> None:
    comparison = made_comparison()
    rows = tuple(replace(row, lower_bound=7) if row.makespan else row for row in comparison.rows)
    page = HtmlDocument(written(replace(comparison, rows=rows), tmp_path, "html"))
    assert {one["markers"][0]["time"] for one in page.data["schedules"]} == {7}


def test_a_comparison_without_schedules_is_a_page_without_a_chart(tmp_path: Path) -> None:
    comparison = made_comparison()
    page = HtmlDocument(written(replace(comparison, rows=comparison.rows[3:]), tmp_path, "html"))
    assert page.all("script") == page.all("button") == []
    assert len(page.all("tr")) == 2


def test_csv_parses_back_to_the_rows(tmp_path: Path) -> None:
    comparison = made_comparison()
    lines = list(csv.DictReader(io.StringIO(written(comparison, tmp_path, "csv"))))
    for line, row in zip(lines, comparison.rows, strict=True):
        for name, value in row.to_document().items():
            assert line[name] == ("" if value is None else str(value))
    assert lines[3]["reason"] == comparison.rows[3].reason


def test_markdown_has_a_row_for_each_method_with_the_best_values_in_bold(tmp_path: Path) -> None:
    comparison = made_comparison()
    lines = written(comparison, tmp_path, "md").splitlines()
    assert lines[0] == in_words(comparison)
    table = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    assert len({len(cells) for cells in table}) == 1
    assert [cells[0].strip() for cells in table[2:]] == [row.method for row in comparison.rows]
    assert f" **{comparison.rows[1].makespan} ticks** " in table[3]
    assert "- 1f1b (joint): 1f1b schedules one job | <this> has 2" in lines


def test_other_suffixes_are_refused_by_naming_the_known_ones(tmp_path: Path) -> None:
    for name in ("comparison.json", "comparison", ".html"):
        with pytest.raises(InvalidOption, match=r"\.html, \.csv, \.md$"):
            write_comparison(made_comparison(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_notebook_shows_words_and_table() -> None:
    comparison = made_comparison()
    assert comparison._repr_html_() == comparison_html(comparison)
    page = HtmlDocument(comparison_html(comparison))
    assert len(page.all("tr")) == 1 + len(comparison.rows)


def test_a_frame_has_the_rows_with_whole_numbers_where_they_belong() -> None:
    comparison = made_comparison()
    frame = comparison_frame(comparison)
    assert list(frame["method"]) == [row.method for row in comparison.rows]
    for row, made in zip(comparison.rows, frame.to_dict("records"), strict=True):
        for name, value in row.to_document().items():
            assert pd.isna(made[name]) if value is None else made[name] == value
    assert frame["makespan"].dtype == "Int64"
    assert frame.attrs["memory_unit"] == "unit"
