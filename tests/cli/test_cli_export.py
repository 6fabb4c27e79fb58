"""``gapweave export``: every task arrives in the other format."""

import csv
import json
from pathlib import Path

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
