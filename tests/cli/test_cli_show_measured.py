"""``gapweave show --measured``: a run beside its plan."""

import json
from pathlib import Path

import pytest
from measured_files import MeasuredFiles, measured_files
from outcome import Run


@pytest.fixture
def files(tmp_path: Path) -> MeasuredFiles:
    return measured_files(tmp_path)


def show(run: Run, files: MeasuredFiles, *words: object) -> str:
    outcome = run("show", files.schedule, "--measured", files.trace, *words)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def test_plan_and_run_are_drawn_on_one_time_axis(run: Run, files: MeasuredFiles) -> None:
    out = show(run, files, "--width", 70)
    lines = out.splitlines()
    planned, measured = lines.index("planned:"), lines.index("measured, step 2 of 4:")
    assert measured > planned
    axes = [line for line in lines if line.startswith("µs ")]
    assert len(axes) == 2
    assert axes[0] == axes[1]
    assert "planned / measured 0.9" in out


def test_the_causes_of_lost_time_are_named_and_add_up(run: Run, files: MeasuredFiles) -> None:
    report = json.loads(show(run, files, "--json"))
    assert [row["step"] for row in report["steps"]] == [1, 2, 3, 4]
    found = set()
    for device in report["devices"]:
        assert sum(loss["lost_ns"] for loss in device["losses"]) == sum(device["lost_ns"].values())
        assert sum(device["lost_ns"].values()) - device["regained_ns"] == device["lateness_ns"]
        found |= device["lost_ns"].keys()
    assert found == {"peer", "transfer", "overhead"}
    assert report["devices"][1]["lost_ns"]["overhead"] > 0
    assert "overhead" not in report["devices"][2]["lost_ns"]


def test_idle_lists_every_loss(run: Run, files: MeasuredFiles) -> None:
    report = json.loads(show(run, files, "--json"))
    count = sum(len(device["losses"]) for device in report["devices"])
    assert count > 10
    assert f"and {count - 10} shorter ones (--idle lists all)" in show(run, files)
    out = show(run, files, "--idle")
    assert out.count("idle before") == count
    assert "shorter one" not in out


@pytest.mark.parametrize(
    ("suffix", "magic"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")],
)
def test_plan_and_run_are_drawn_as_a_file(run: Run, files: MeasuredFiles, suffix: str, magic: bytes) -> None:
    out = show(run, files, "-o", f"run.{suffix}")
    assert out.startswith(f"wrote run.{suffix}\nMakespan: planned")
    assert Path(f"run.{suffix}").read_bytes().startswith(magic)


def test_a_page_has_charts_ratios_and_causes(run: Run, files: MeasuredFiles) -> None:
    show(run, files, "-o", "run.html")
    page = Path("run.html").read_text(encoding="utf-8")
    for words in ("<h1>made, planned and measured</h1>", "measured, step 2 of 4", "planned / measured 0.9"):
        assert words in page
    assert "<b>overhead</b>: all inputs were there" in page
    assert "idle before backward" in page


def test_a_tick_without_a_unit_is_estimated_and_said_so(run: Run, tmp_path: Path) -> None:
    out = show(run, measured_files(tmp_path, unit="tick"))
    assert "A tick of the plan is taken for 1,000 ns" in out


def test_a_plan_of_other_stages_is_told_and_can_be_scaled(run: Run, tmp_path: Path) -> None:
    files = measured_files(tmp_path, unit="ms")
    assert "Tasks took 0.001 times as long as planned" in show(run, files)
    assert "A tick of the plan is taken for" in show(run, files, "--rescale")


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (["--step", "9"], 2, "--step: expected a step that was measured (1 to 4), got 9"),
        (["--step", "0"], 2, "--step"),
        (["-o", "run.txt"], 2, "run.txt: expected a name that ends in one of"),
        (["--theme", "dark"], 2, "--theme: goes with -o FILE"),
        (["-o", "none/run.svg"], 8, "none/run.svg: cannot be written"),
    ],
)
def test_wrong_options_are_refused(
    run: Run, files: MeasuredFiles, words: list[str], code: int, problem: str
) -> None:
    outcome = run("show", files.schedule, "--measured", files.trace, *words)
    assert outcome.code == code
    assert problem in outcome.error


@pytest.mark.parametrize("words", [["--step", "2"], ["--rescale"]])
def test_options_of_a_run_need_a_trace(run: Run, files: MeasuredFiles, words: list[str]) -> None:
    outcome = run("show", files.schedule, *words)
    assert outcome.code == 2
    assert outcome.error.endswith(f"{words[0]}: goes with --measured TRACE")


def test_one_trace_goes_with_one_schedule(run: Run, files: MeasuredFiles) -> None:
    outcome = run("show", files.schedule, files.schedule, "--measured", files.trace)
    assert outcome.code == 2
    assert "--measured: goes with one SCHEDULE, got 2" in outcome.error


def test_a_trace_of_another_schedule_or_none_is_refused(
    run: Run, files: MeasuredFiles, schedule_file: Path
) -> None:
    for subject, trace, problem in (
        (schedule_file, files.trace, "otherData.schedule: was measured with another schedule"),
        (files.schedule, files.schedule, "otherData: missing, expected an object"),
        (files.schedule, "none.json", "none.json: cannot be read"),
    ):
        outcome = run("show", subject, "--measured", trace)
        assert outcome.code == 3
        assert problem in outcome.error


def test_a_run_that_never_ended_a_step_is_refused(run: Run, tmp_path: Path) -> None:
    files = measured_files(tmp_path, repetitions=0)
    outcome = run("show", files.schedule, "--measured", files.trace)
    assert outcome.code == 3
    assert outcome.error.endswith("traceEvents: expected a step in which every task ran, found none")
