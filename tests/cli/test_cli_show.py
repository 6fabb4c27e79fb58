"""``gapweave show``: charts, pictures and idle intervals, of schedules and of instances."""

import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import zero_idle_period

from gapweave.models.idle import idle_intervals
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule

UNIFORM = "uniform-p4-m8-k1"


def test_a_schedule_is_drawn_as_text(run: Run, schedule_file: Path) -> None:
    outcome = run("show", schedule_file, "--width", "60")
    assert (outcome.code, outcome.err) == (0, "")
    assert all(f"gpu{device}" in outcome.out for device in range(3))
    assert "\x1b" not in outcome.out


@pytest.mark.parametrize(
    ("suffix", "magic"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("html", b"<!DOCTYPE html>")],
)
def test_a_schedule_is_drawn_as_a_picture(run: Run, schedule_file: Path, suffix: str, magic: bytes) -> None:
    outcome = run("show", schedule_file, "-o", f"chart.{suffix}")
    assert (outcome.code, outcome.out) == (0, f"wrote chart.{suffix}\n")
    assert Path(f"chart.{suffix}").read_bytes().startswith(magic)


def test_idle_json_holds_the_intervals_and_their_sums(
    run: Run, schedule_file: Path, schedule: Schedule
) -> None:
    report = json.loads(run("show", schedule_file, "--idle", "--json").out)["idle"]
    expected = [(gap.device, gap.start, gap.end, gap.phase) for gap in idle_intervals(schedule)]
    assert [(g["device"], g["start"], g["end"], g["phase"]) for g in report["intervals"]] == expected
    busy = sum(row.end - row.start for row in schedule.tasks)
    assert report["horizon"] == schedule.makespan
    assert report["idle"] == sum(row["idle"] for row in report["devices"]) == 3 * schedule.makespan - busy
    assert report["share"] == pytest.approx(report["idle"] / (3 * schedule.makespan))
    for row in report["devices"]:
        assert row["idle"] == sum(row[phase] for phase in ("warm-up", "steady", "drain", "unused"))


def test_idle_of_the_primary_ends_with_the_primary(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    report = json.loads(run("show", schedule_file, "--idle", "--jobs", "primary", "--json").out)["idle"]
    primary = [row for row in schedule.tasks if row.job == 0]
    assert report["horizon"] == max(row.end for row in primary)
    assert report["idle"] == 3 * report["horizon"] - sum(row.end - row.start for row in primary)


def test_idle_as_text_lists_every_interval(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    out = run("show", schedule_file, "--idle").out
    rows = [line.split() for line in out.split("\n\n")[0].splitlines()[2:]]
    gaps = idle_intervals(schedule)
    assert rows == [[f"gpu{g.device}", *map(str, (g.start, g.end, g.length)), g.phase] for g in gaps]
    assert "idle of all jobs" in out


def test_an_instance_shows_the_primary_as_it_is_expected(run: Run) -> None:
    """Uniform 1F1B: each device idles (P - 1)(F + B), the textbook's bubble."""
    instance = Instance.load(UNIFORM)
    stage, devices = instance.jobs[0].stages[0], len(instance.devices)
    report = json.loads(run("show", UNIFORM, "--idle", "--json").out)
    assert {row["idle"] for row in report["idle"]["devices"]} == {(devices - 1) * stage.work}
    assert report["name"] == UNIFORM
    assert run("show", UNIFORM).out.count("gpu") >= devices


def test_the_policy_decides_what_is_expected(run: Run) -> None:
    gpipe, one_f_one_b = (
        json.loads(run("show", UNIFORM, "--policy", policy, "--idle", "--json").out)["idle"]
        for policy in ("gpipe", "1f1b")
    )
    assert gpipe["horizon"] == one_f_one_b["horizon"]
    assert gpipe["intervals"] != one_f_one_b["intervals"]


def test_an_unknown_policy_is_a_wrong_option(run: Run) -> None:
    outcome = run("show", UNIFORM, "--policy", "magic")
    assert outcome.code == 2
    assert "magic" in outcome.error


def test_json_with_a_picture_names_the_file(run: Run, schedule_file: Path) -> None:
    report = json.loads(run("show", schedule_file, "-o", "chart.svg", "--json").out)
    assert report["output"] == "chart.svg"
    assert "idle" not in report
    assert Path("chart.svg").exists()


def test_several_schedules_are_drawn_on_one_axis(run: Run, schedule_file: Path) -> None:
    outcome = run("show", schedule_file, schedule_file, "-o", "both.svg", "--memory", "--theme", "dark")
    assert (outcome.code, outcome.out) == (0, "wrote both.svg\n")
    text = Path("both.svg").read_text(encoding="utf-8")
    assert all(f'"schedule-{number}-{part}"' in text for number in (0, 1) for part in ("idle", "memory-rows"))
    assert "#12161c" in text


def test_several_schedules_are_shown_one_after_the_other(run: Run, schedule_file: Path) -> None:
    once, twice = (run("show", *[schedule_file] * count, "--width", "60").out for count in (1, 2))
    assert twice == f"made, factory:\n{once}\nmade, factory:\n{once}"


def test_json_of_several_schedules_lists_them(run: Run, schedule_file: Path) -> None:
    one = json.loads(run("show", schedule_file, "--idle", "--json").out)
    report = json.loads(run("show", schedule_file, schedule_file, "--idle", "--json").out)
    assert report == {"schedules": [one, one]}


@pytest.mark.parametrize("option", [("--memory",), ("--theme", "dark")])
def test_options_of_a_picture_need_a_picture(run: Run, schedule_file: Path, option: tuple[str, ...]) -> None:
    outcome = run("show", schedule_file, *option)
    assert outcome.code == 2
    assert outcome.error == f"gapweave: error: {option[0]}: goes with -o FILE"


def test_schedules_in_different_units_are_refused(run: Run, schedule: Schedule, schedule_file: Path) -> None:
    instance = schedule.instance.model_copy(update={"time_unit": "us"})
    schedule.model_copy(update={"instance": instance}).save("other.schedule.json")
    outcome = run("show", schedule_file, "other.schedule.json", "-o", "both.html")
    assert outcome.code == 2
    assert "cannot share a time axis" in outcome.error
    assert not Path("both.html").exists()


def test_idle_of_a_period_is_listed_without_phases_of_a_makespan(run: Run, tmp_path: Path) -> None:
    zero_idle_period(4, 4).save(tmp_path / "period.json")
    out = run("show", "period.json", "--idle").out
    assert "warm-up" not in out
    assert "idle of all jobs: 0 tick on 4 devices, 0.00% of devices x period (24 tick)" in out


def test_a_period_is_drawn_twice_with_its_steps(run: Run, tmp_path: Path) -> None:
    zero_idle_period(4, 4).save(tmp_path / "period.json")
    out = run("show", "period.json", "--width", "100").out
    assert out.startswith("period T 24 ticks · ")
    assert out.count("step n+1") == 2
