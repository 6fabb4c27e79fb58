"""A schedule as a table for spreadsheets and data frames."""

import csv
from io import StringIO

from gapweave.models.schedule import COLUMNS, Schedule


def schedule_csv(schedule: Schedule) -> str:
    """Return one line per task in the schedule's order, below the column names of the schedule format.

    Times are in ticks; ``microbatch`` is empty for ``O``.
    """
    stream = StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(schedule.tasks)
    return stream.getvalue()
