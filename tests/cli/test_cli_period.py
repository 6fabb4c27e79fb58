"""Commands with objective period: what they print, write and refuse."""

import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import make_instance, uniform_job

QUICK = ("--objective", "period", "--time-limit", "5", "--workers", "1")


@pytest.fixture
def pair(tmp_path: Path) -> str:
    file = tmp_path / "pair.json"
    make_instance(uniform_job(4, 4), uniform_job(4, 4), devices=4).save(file)
    return "pair.json"


@pytest.fixture
def filled(run: Run, pair: str) -> str:
    assert run("solve", pair, "--mode", "fill", "--steps", "2,1", "-o", "fill.json", *QUICK).code == 0
    return "fill.json"


def test_solve_says_what_a_step_of_the_primary_takes_and_what_is_gained(run: Run, pair: str) -> None:
    own = ("--primary", "1f1b", "--time-limit", "4")
    outcome = run("solve", pair, "--mode", "fill", "-o", "fill.json", *QUICK, *own)
    assert (outcome.code, outcome.err) == (0, "")
    assert "a step of the primary takes 21 as alone (1f1b)" in outcome.out
    assert "\nsteps per tick " in outcome.out
    assert "against job after job" in outcome.out
    assert " per step by the idle time of device 'gpu" in outcome.out


def test_json_has_the_steady_state(run: Run, pair: str) -> None:
    document = json.loads(run("solve", pair, "-o", "x.json", "--json", *QUICK).out)
    steady = document["steady_state"]
    assert steady["steps_per_tick"] == {"job0": 1 / 24, "job1": 1 / 24}
    assert steady["periods_alone"] == {"job0": 21, "job1": 21}
    assert steady["throughput_gain"] == 42 / 24 - 1
    assert "steady_state" not in json.loads(
        run("solve", pair, "-o", "y.json", "--json", "--time-limit", "5", "--workers", "1").out
    )


def test_check_and_show_say_it_too(run: Run, filled: str) -> None:
    for command in ("check", "show"):
        outcome = run(command, filled)
        assert outcome.code == 0
        assert "steps per tick" in outcome.out
        assert "steady_state" in json.loads(run(command, filled, "--json").out)


def test_check_finds_a_primary_that_left_its_period(run: Run, filled: str, tmp_path: Path) -> None:
    document = json.loads((tmp_path / filled).read_text())
    document["primary"]["makespan"] -= 1
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    outcome = run("check", "wrong.json")
    assert outcome.code == 6
    assert "rule 6" in outcome.error


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (("--mode", "fill", "--steps", "1,1"), 4, "do not fit beside the primary"),
        (("--mode", "fill", "--steps", "1"), 2, "--steps: expected 2 (one per job), got 1"),
        (("--mode", "fill", "--primary", "nobody"), 2, "no method is named 'nobody'"),
        (("--mode", "fill", "--primary", "pair.json"), 3, "pair.json: format: expected"),
        (("--mode", "fill", "--primary-slack", "0.1"), 2, "--primary-slack: goes with --mode joint"),
        (("--primary-slack", "0.1", "--primary", "1f1b"), 2, "--primary: with --primary-slack expected"),
        (("--primary", "1f1b"), 2, "--primary: goes with --mode fill"),
    ],
)
def test_solve_refuses_in_one_line(
    run: Run, pair: str, options: tuple[str, ...], code: int, problem: str
) -> None:
    outcome = run("solve", pair, "-o", "x.json", *options, *QUICK)
    assert outcome.code == code
    assert problem in outcome.error


def test_compare_has_periods_and_rates(run: Run, pair: str) -> None:
    outcome = run("compare", pair, "--methods", "sequential,one-after-the-other,solver", *QUICK)
    assert (outcome.code, outcome.err) == (0, "")
    for column in ("steps", "period", "job0/tick", "job1/tick", "gap", "bubble rate", "gain"):
        assert f" {column} " in outcome.out
    assert "Pairing buys 75 % more steps per time than training one job after the other" in outcome.out


@pytest.mark.parametrize(("target", "content"), [("x.html", "job0/tick"), ("x.md", "| period |")])
def test_compare_writes_pages_and_tables(
    run: Run, pair: str, target: str, content: str, tmp_path: Path
) -> None:
    assert run("compare", pair, "--methods", "merge,solver", "-o", target, *QUICK).code == 0
    assert content in (tmp_path / target).read_text()


def test_compare_s_csv_has_a_column_for_each_rate(run: Run, pair: str, tmp_path: Path) -> None:
    assert run("compare", pair, "--methods", "merge,1f1b", "-o", "x.csv", *QUICK).code == 0
    head, merge, refused = (tmp_path / "x.csv").read_text().splitlines()
    names = head.split(",")
    assert {"period", "steps", "steps_per_tick.job0", "steps_per_tick.job1"} <= set(names)
    assert dict(zip(names, merge.split(","), strict=False))["steps"] == "1:1"
    assert refused.startswith("1f1b,joint,not-applicable")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--methods", "nobody"), "no method is named 'nobody'"),
        (("--pareto", "slowdown"), "--objective"),
    ],
)
def test_compare_refuses_in_one_line(run: Run, pair: str, options: tuple[str, ...], problem: str) -> None:
    outcome = run("compare", pair, *options, *QUICK)
    assert outcome.code == 2
    assert problem in outcome.error
