"""``gapweave export``: every task arrives in the other format."""

import csv
import json
from pathlib import Path

import pytest
from outcome import Run
from schedule_factory import build_schedule, claimed, make_instance, uniform_job, zero_idle_period

from gapweave.models.schedule import Schedule


def test_csv_has_one_row_per_task(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    assert run("export", schedule_file, "--to", "csv", "-o", "tasks.csv").out == "wrote tasks.csv\n"
    with Path("tasks.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["start"]) for row in rows] == [row.start for row in schedule.tasks]


def test_perfetto_has_one_complete_event_per_task(run: Run, schedule_file: Path, schedule: Schedule) -> None:
    run("export", schedule_file, "--to", "perfetto", "-o", "trace.json")
    events = json.loads(Path("trace.json").read_text(encoding="utf-8"))["traceEvents"]
    tasks = [event for event in events if event["ph"] == "X"]
    assert sorted(event["ts"] for event in tasks) == sorted(row.start for row in schedule.tasks)


def test_each_job_goes_to_a_file_of_its_own_for_torch(
    run: Run, schedule_file: Path, schedule: Schedule
) -> None:
    names = [job.name for job in schedule.instance.jobs]
    files = [f"pair.{name}.csv" for name in names]
    done = run("export", schedule_file, "--to", "torch-csv", "-o", "pair.csv")
    assert (done.code, done.out) == (0, "".join(f"wrote {file}\n" for file in files))
    run("export", schedule_file, "--to", "torch-csv", "-o", "one.csv", "--job", names[1])
    assert Path("one.csv").read_text(encoding="utf-8") == Path(files[1]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--to", "torch-csv", "-o", "x.csv", "--job", "nobody"), 2, "--job: expected one of "),
        (("--to", "csv", "-o", "x.csv", "--job", "a"), 2, "--job: goes with --to torch-csv"),
        (("--to", "torch-csv", "-o", "."), 8, ".: cannot be written"),
        (("--to", "torch-csv", "-o", "nofolder/x.csv"), 8, "nofolder/x.csv: cannot be written"),
    ],
)
def test_an_export_that_cannot_be_says_why(
    run: Run, schedule_file: Path, words: tuple[str, ...], code: int, problem: str
) -> None:
    done = run("export", schedule_file, *words)
    assert done.code == code
    assert problem in done.error
    assert not Path("x.csv").exists()


@pytest.fixture
def period_file(tmp_path: Path) -> Path:
    """A schedule with a period of two jobs on four devices, as a file."""
    file = tmp_path / "period.schedule.json"
    zero_idle_period(4, 4).save(file)
    return file


def test_csv_of_a_period_has_the_rows_of_its_file(run: Run, period_file: Path) -> None:
    assert run("export", period_file, "--to", "csv", "-o", "tasks.csv").code == 0
    with Path("tasks.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["kind"], int(row["start"]), int(row["end"])) for row in csv.DictReader(stream)]
    assert rows == [(row.kind, row.start, row.end) for row in zero_idle_period(4, 4).tasks]


def test_perfetto_of_a_period_shows_two_periods_with_the_numbers_of_their_steps(
    run: Run, period_file: Path
) -> None:
    run("export", period_file, "--to", "perfetto", "-o", "trace.json")
    events = json.loads(Path("trace.json").read_text(encoding="utf-8"))["traceEvents"]
    assert {event["args"]["step"] for event in events if event["ph"] == "X" and "args" in event} == {0, 1, 2}


def test_torch_gets_the_one_step_of_a_job_in_the_order_of_its_period(run: Run, period_file: Path) -> None:
    assert run("export", period_file, "--to", "torch-csv", "-o", "pair.csv").code == 0
    cells = Path("pair.job1.csv").read_text(encoding="utf-8").splitlines()
    schedule = zero_idle_period(4, 4)
    for device, line in enumerate(cells):
        own = [row for row in schedule.tasks_by_device[device] if row.job == 1]
        assert line == ",".join(f"{row.stage}{row.kind}{row.microbatch}" for row in own)


def test_several_steps_in_a_period_are_too_many_for_torch(run: Run, tmp_path: Path) -> None:
    finite = build_schedule(make_instance(uniform_job(2, 2), devices=2), steps=(2,))
    claimed(finite.instance, (2,), finite.tasks, period=finite.makespan).save(tmp_path / "two.json")
    done = run("export", "two.json", "--to", "torch-csv", "-o", "two.csv")
    assert done.code == 2
    assert "holds one step, job 'job0' has 2 per period" in done.error


def with_wrong_row(schedule: Schedule, file: Path, **wrong: int) -> Path:
    """Write a schedule whose first task says something wrong, but nothing that its format forbids."""
    rows = (schedule.tasks[0]._replace(**wrong), *schedule.tasks[1:])
    schedule.model_copy(update={"tasks": rows}).save(file)
    return file


@pytest.mark.parametrize("wrong", [{"microbatch": 99}, {"microbatch": -1}, {"stage": 9}, {"job": 9}])
def test_torch_gets_no_schedule_that_breaks_a_rule(
    run: Run, schedule: Schedule, tmp_path: Path, wrong: dict[str, int]
) -> None:
    file = with_wrong_row(schedule, tmp_path / "wrong.json", **wrong)
    done = run("export", file, "--to", "torch-csv", "-o", "x.csv")
    checked = run("check", file)
    assert (done.code, done.out) == (checked.code, "")
    assert done.error == checked.error
    assert not list(Path().glob("x*.csv"))


def test_a_trace_of_a_job_that_there_is_not_is_refused_with_the_name_of_the_file(
    run: Run, schedule: Schedule, tmp_path: Path
) -> None:
    file = with_wrong_row(schedule, tmp_path / "wrong.json", job=9)
    done = run("export", file, "--to", "perfetto", "-o", "x.json")
    assert done.code == 3
    assert f"{file}: tasks[0].job: expected an index into 2 jobs, got 9" in done.error


@pytest.mark.parametrize(
    ("words", "outputs"),
    [
        (("--to", "csv", "-o", "x.csv"), ["x.csv"]),
        (("--to", "torch-csv", "-o", "x.csv"), ["x.job0.csv", "x.job1.csv"]),
    ],
)
def test_export_as_json_lists_the_files(
    run: Run, schedule_file: Path, words: tuple[str, ...], outputs: list[str]
) -> None:
    done = run("export", schedule_file, *words, "--json")
    assert json.loads(done.out) == {"schedule": str(schedule_file), "to": words[1], "outputs": outputs}
    assert all(Path(output).exists() for output in outputs)
