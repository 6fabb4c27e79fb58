"""``compare --objective period --pareto memory``: what it prints and writes, and how it refuses."""

import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import make_instance, uniform_job

MEMORY = ("--objective", "period", "--pareto", "memory")
QUICK = ("--time-limit", "2", "--workers", "1")


@pytest.fixture
def pair(tmp_path: Path) -> str:
    make_instance(uniform_job(3, 3), uniform_job(3, 3), devices=3).save(tmp_path / "pair.json")
    return "pair.json"


def test_it_prints_a_row_for_each_capacity_and_says_it_in_words(run: Run, pair: str) -> None:
    outcome = run("compare", pair, *MEMORY, *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    for name in ("1 unit", "2 units", "no limit"):
        assert f"\n {name} " in outcome.out
    assert "3 units are as good as no limit: 18 ticks (bubble rate 0 %, proven optimal)" in outcome.out


def test_json_has_the_rows_with_their_capacities(run: Run, pair: str) -> None:
    document = json.loads(run("compare", pair, *MEMORY, "--json", *QUICK).out)
    assert [row["free"] for row in document["rows"]] == [1, 2, None]
    assert [row["period"] for row in document["rows"]][::2] == [54, 18]
    assert document["one_after_the_other"] == {"period": 30, "level": 3}


@pytest.mark.parametrize("target", ["x.csv", "x.svg"])
def test_a_file_is_written(run: Run, pair: str, target: str) -> None:
    outcome = run("compare", pair, *MEMORY, "-o", target, *QUICK)
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, f"wrote {target}")
    assert Path(target).exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((*MEMORY, "--placement", "search"), 2, "--placement: with --pareto expected one placement"),
        ((*MEMORY, "--time-limit", "0"), 2, "--time-limit: expected a number > 0"),
        ((*MEMORY, "-o", "x.txt"), 2, "one of .html, .csv, .md, .svg, .png, .pdf"),
        ((*MEMORY, "-o", "missing/x.svg"), 8, "missing/x.svg: cannot be written"),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, pair: str, words: tuple[str, ...], code: int, message: str
) -> None:
    outcome = run("compare", pair, *words)
    assert (outcome.code, outcome.out) == (code, "")
    assert message in outcome.error


def test_an_instance_without_memory_amounts_is_refused(run: Run, tmp_path: Path) -> None:
    stages = [{"device": 0, "forward": 1, "backward": 2}]
    make_instance({"microbatches": 2, "stages": stages}, devices=1).save(tmp_path / "none.json")
    outcome = run("compare", "none.json", *MEMORY)
    assert outcome.code == 2
    assert "have no memory amounts" in outcome.error
