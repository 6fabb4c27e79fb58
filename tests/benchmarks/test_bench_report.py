"""The report says what there is, and what there is not."""

import re
from pathlib import Path

from bench_runs import make_run

from benchmarks.report import page
from benchmarks.scale import DEFAULT_TASKS, latest_measures, meets_target

MEASURE = {"measure": "task arrays", "tasks": DEFAULT_TASKS, "seconds": 0.5, "peak_memory": 100}


def test_without_results_the_report_says_that_there_are_none(tmp_path: Path) -> None:
    text = "\n".join(page([], [], [], tmp_path / "benchmarks.md"))
    assert text.count("No results yet") == 3
    assert "gapweave has no results on these instances yet" in text
    assert list(tmp_path.iterdir()) == []


def test_every_figure_of_the_report_is_drawn(tmp_path: Path) -> None:
    runs = [make_run((0.5, 130, 105), (4.0, 117, 117)), make_run((9.0, 140, 105), method="cp-sat")]
    text = "\n".join(page(runs, [], [MEASURE], tmp_path / "benchmarks.md"))
    figures = re.findall(r"\]\((\S+\.svg)\)", text)
    assert len(figures) == 3
    assert all((tmp_path / figure).read_text().startswith("<?xml") for figure in figures)
    assert "**117** (0.00 %)" in text
    assert "140 (19.66 %)" in text


def test_the_report_counts_what_is_missing_and_lists_what_went_wrong(tmp_path: Path) -> None:
    runs = [make_run((0.5, 120, 105)), make_run((0.5, None, 121), method="cp-sat", status="rejected")]
    text = "\n".join(page(runs, [], [], tmp_path / "benchmarks.md"))
    assert re.search(r"0 of the \d+ runs of the cross-section are there", text)
    assert "uniform-p8-m16-k2, cp-sat: rejected" in text
    assert "a lower bound of 121 exceeds a verified schedule" in text


def test_a_target_holds_at_its_size_only() -> None:
    assert meets_target(MEASURE) is True
    assert meets_target(MEASURE | {"seconds": 1.5}) is False
    assert meets_target(MEASURE | {"tasks": 1000}) is None
    assert meets_target(MEASURE | {"measure": "task graph in networkx", "peak_memory": 2000}) is False


def test_the_last_measure_of_a_size_counts() -> None:
    smaller, later = MEASURE | {"tasks": 1000}, MEASURE | {"seconds": 0.4}
    assert latest_measures([MEASURE, later, smaller], DEFAULT_TASKS) == [later]
