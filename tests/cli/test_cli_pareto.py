"""``compare --pareto``: what it prints and writes, and how it refuses."""

import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import make_instance, uniform_job

from gapweave.cli.choices import Pareto
from gapweave.cli.optional_value import completed

QUICK = ("--time-limit", "5", "--workers", "1")
FILES = {"x.html": b"<!DOCTYPE html>", "x.csv": b"method,", "x.md": b"Alone", "x.svg": b"<?xml"}


@pytest.fixture
def pair(tmp_path: Path) -> str:
    file = tmp_path / "pair.json"
    make_instance(uniform_job(3, 2), uniform_job(3, 2), devices=3).save(file)
    return "pair.json"


def test_it_prints_a_row_for_each_slack_and_says_it_in_words(run: Run, pair: str) -> None:
    outcome = run("compare", pair, "--pareto", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    for name in ("as alone", "0 %", "1 %", "2 %", "5 %", "no limit"):
        assert f"\n {name} " in outcome.out
    assert "Alone, the primary ends after 12 ticks" in outcome.out


def test_json_has_the_rows_with_their_slacks(run: Run, pair: str) -> None:
    document = json.loads(run("compare", pair, "--pareto", "--json", *QUICK).out)
    assert document["instance"] == "made"
    assert [row["slack"] for row in document["rows"]] == [0, 0, 0.01, 0.02, 0.05, None]


@pytest.mark.parametrize("target", FILES)
def test_a_file_is_written(run: Run, pair: str, target: str) -> None:
    outcome = run("compare", "--pareto", pair, "-o", target, "--theme", "dark", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith(f"wrote {target}\n")
    assert Path(target).read_bytes().startswith(FILES[target])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("uniform-p4-m8-k1", "--pareto"), "--pareto: needs at least two jobs, this instance has one"),
        (("pair.json", "--pareto=memory"), "--pareto memory: goes with --objective period"),
        (("pair.json", "--pareto", "memory"), "--pareto memory: goes with --objective period"),
        (("pair.json", "--pareto=time"), "'time' is not one of 'slowdown', 'memory'"),
        (("pair.json", "--pareto", "--methods", "solver"), "--methods: does not go with --pareto"),
        (("pair.json", "--pareto", "--placement", "search"), "--placement: with --pareto expected one"),
        (("pair.json", "--pareto", "--objective", "period"), "slowdown: goes with --objective makespan"),
        (("pair.json", "--pareto", "--time-limit", "0"), "--time-limit: expected a number > 0"),
        (("pair.json", "--pareto", "--workers", "0"), "--workers: expected an integer"),
        (("pair.json", "--pareto", "--theme", "dark"), "--theme: goes with -o FILE"),
        (("pair.json", "--pareto", "-o", "x.txt"), "one of .html, .csv, .md, .svg, .png, .pdf"),
        (("pair.json", "-o", "x.svg"), "x.svg: expected a name that ends in one of .html, .csv, .md"),
        (("pair.json", "--theme", "blue", "-o", "x.svg"), "'blue' is not one of"),
    ],
)
def test_a_wrong_option_is_named(run: Run, pair: str, words: tuple[str, ...], message: str) -> None:
    outcome = run("compare", *words)
    assert outcome.code == 2
    assert message in outcome.error
    assert outcome.out == ""


def test_a_target_that_is_no_place_for_a_file_is_refused_before_any_work(run: Run, pair: str) -> None:
    outcome = run("compare", pair, "--pareto", "-o", "missing/x.svg")
    assert outcome.code == 8
    assert "missing/x.svg: cannot be written" in outcome.error


def test_an_infeasible_instance_has_its_exit_code(run: Run, tmp_path: Path) -> None:
    make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2, capacity=0).save(tmp_path / "none.json")
    assert run("compare", "none.json", "--pareto").code == 4


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("x", "--pareto"), ["x", "--pareto=slowdown"]),
        (("--pareto", "x"), ["--pareto=slowdown", "x"]),
        (("--pareto", "slowdown", "x"), ["--pareto=slowdown", "x"]),
        (("--pareto=slowdown",), ["--pareto=slowdown"]),
        (("--", "--pareto", "x"), ["--", "--pareto", "x"]),
        (("x", "--seed", "1"), ["x", "--seed", "1"]),
    ],
)
def test_a_value_may_be_left_out(words: tuple[str, ...], expected: list[str]) -> None:
    assert completed(words, {"--pareto": Pareto}) == expected
