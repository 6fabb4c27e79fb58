"""Processes of their own."""

from pathlib import Path

import pytest

from benchmarks.isolated import run_isolated
from benchmarks.published import annealing
from benchmarks.selection import CROSS_SECTION, select, select_names
from gapweave import Instance, InvalidOption
from gapweave.instances import names


def test_a_process_that_does_not_end_is_killed(tmp_path: Path) -> None:
    outcome = run_isolated("benchmarks.scale_measures", {"folder": str(tmp_path), "tasks": 10**6}, 0.01)
    assert outcome.timed_out
    assert outcome.lines == []


def test_a_process_that_breaks_down_says_why(tmp_path: Path) -> None:
    outcome = run_isolated("benchmarks.scale_measures", {"folder": str(tmp_path), "measure": "none"}, 60.0)
    assert not outcome.timed_out
    assert outcome.return_code != 0
    assert "KeyError" in outcome.error


def test_patterns_choose_shipped_instances_in_natural_order() -> None:
    assert select_names(["opposed-v?", "opposed-v16"]) == [f"opposed-v{n}" for n in (1, 2, 3, 4, 8, 16)]
    assert set(select(CROSS_SECTION)) <= set(names())


def test_a_pattern_that_matches_nothing_is_an_error() -> None:
    with pytest.raises(InvalidOption, match="opposed-z"):
        select(["opposed-x8", "opposed-z*"])


def test_a_file_is_measured_under_the_name_of_its_instance(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    Instance.load("opposed-x8").model_copy(update={"name": "mine"}).save(file)
    assert select([str(file), "opposed-x1"]) == {"opposed-x1": "opposed-x1", "mine": str(file)}


def test_published_results_are_about_shipped_instances_and_keep_their_own_bound() -> None:
    results = annealing()
    assert {result.instance for result in results} == {name for name in names() if name.startswith("fusion-")}
    assert all(result.lower_bound <= result.annealed <= result.greedy for result in results)
