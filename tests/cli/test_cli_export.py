"""``gapweave export``: every task arrives in the other format."""

import csv
import json
from pathlib import Path

import pytest
from outcome import Run

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
