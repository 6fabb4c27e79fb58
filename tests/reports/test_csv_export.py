import csv
from io import StringIO

from hypothesis import given
from random_schedules import schedules

from gapweave.models.schedule import COLUMNS, Schedule
from gapweave.models.task import ScheduledTask
from gapweave.reports.csv_export import schedule_csv


def parsed(record: dict[str, str]) -> ScheduledTask:
    numbers = {column: int(text) if text else None for column, text in record.items() if column != "kind"}
    return ScheduledTask._make(numbers.get(column, record[column]) for column in COLUMNS)


@given(schedule=schedules())
def test_the_table_holds_the_schedule(schedule: Schedule) -> None:
    table = csv.DictReader(StringIO(schedule_csv(schedule)))
    assert tuple(map(parsed, table)) == schedule.tasks
    assert tuple(table.fieldnames or ()) == COLUMNS
