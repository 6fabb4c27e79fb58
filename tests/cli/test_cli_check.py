"""``gapweave check``: 0 for what is feasible and proven, 6 for a broken rule or a false certificate."""

import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import row_of, with_row

from gapweave.models.schedule import Bound, Schedule
from gapweave.models.task import Task

FIRST = Task(0, 0, "F", 0, 0)


def with_bound(schedule: Schedule, value: int, bound: Bound) -> Schedule:
    return schedule.model_copy(update={"lower_bound": value, "bound": bound})


@pytest.fixture
def load() -> Bound:
    """Device 0 works 18 ticks: F and B of 4 + 2 microbatches."""
    return Bound(argument="device-load", certificate={"device": 0})


def test_a_feasible_schedule_passes(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    outcome = run("check", schedule_file)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"makespan  {schedule.makespan} tick" in outcome.out
    assert "OK" in outcome.out


def test_json_is_one_object_with_the_verdict(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    report = json.loads(run("check", schedule_file, "--json").out)
    assert report["valid"] is True
    assert report["violations"] == []
    assert report["makespan"] == schedule.makespan
    assert report["bound"]["proven"] is None


def test_a_true_bound_is_proven_again(run: Run, tmp_path: Path, schedule: Schedule, load: Bound) -> None:
    with_bound(schedule, 18, load).save(tmp_path / "bound.json")
    report = json.loads(run("check", "bound.json", "--json").out)
    assert report["valid"] is True
    assert report["bound"]["proven"] is True
    assert report["bound"]["value"] == report["bound"]["reproven_value"] == 18
    assert "18 tick by device-load, proven again" in run("check", "bound.json").out


def test_a_bound_beyond_its_certificate_is_rejected(
    run: Run, tmp_path: Path, schedule: Schedule, load: Bound
) -> None:
    with_bound(schedule, 19, load).save(tmp_path / "bound.json")
    outcome = run("check", "bound.json", "--json")
    assert outcome.code == 6
    assert "bound.json: bound: " in outcome.error
    report = json.loads(outcome.out)
    assert (report["valid"], report["violations"]) == (False, [])
    assert (report["bound"]["proven"], report["bound"]["reproven_value"]) == (False, 18)
    assert "FALSE" in run("check", "bound.json").out


def test_a_bound_of_the_search_is_named_as_not_proven_again(
    run: Run, tmp_path: Path, schedule: Schedule
) -> None:
    with_bound(schedule, 5, Bound(argument="search")).save(tmp_path / "bound.json")
    outcome = run("check", "bound.json")
    assert outcome.code == 0
    assert "5 tick by search, not proven again" in outcome.out


def test_an_overlap_is_rejected_with_task_device_and_time(
    run: Run, tmp_path: Path, schedule: Schedule
) -> None:
    second = Task(0, 0, "F", 0, 1)
    row = row_of(schedule, second)
    with_row(schedule, second, start=0, end=row.end - row.start).save(tmp_path / "bad.json")
    outcome = run("check", "bad.json", "--json")
    assert outcome.code == 6
    assert outcome.error.startswith("gapweave: error: bad.json: ")
    violations = json.loads(outcome.out)["violations"]
    assert {"rule": "2", "device": 0, "time": 0}.items() <= violations[0].items()
    assert "stage 0" in violations[0]["task"]


def test_many_violations_are_counted_and_20_are_shown(run: Run, tmp_path: Path, schedule: Schedule) -> None:
    schedule.model_copy(update={"tasks": schedule.tasks[:2]}).save(tmp_path / "bad.json")
    count = len(json.loads(run("check", "bad.json", "--json").out)["violations"])
    outcome = run("check", "bad.json")
    assert f"rules     {count} violations" in outcome.out
    assert outcome.out.count("\n  rule") + outcome.out.count("\n  claim") == 20
    assert f"and {count - 20} more" in outcome.out
