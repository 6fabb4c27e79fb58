"""Rule 2: a device runs one task at a time."""

from collections.abc import Iterable, Iterator

from gapweave.models.task import ScheduledTask
from gapweave.models.verify.timetable import Timetable
from gapweave.models.verify.violation import Violation


def check_overlaps(table: Timetable) -> Iterator[Violation]:
    """Rule 2: the intervals [start, end) of a device are disjoint; with a period T, modulo T."""
    period = table.schedule.period
    for rows in table.rows_by_device:
        running = [row for row in rows if row.end > row.start]
        if period is not None:
            for row in running:
                if row.end - row.start > period:
                    yield Violation.at("2", row, f"lasts longer than the period {period}")
            running = [row for row in running if row.end - row.start <= period]
        yield from _overlaps(running, period)


def _overlaps(rows: Iterable[ScheduledTask], period: int | None) -> Iterator[Violation]:
    """Sweep over the starts (or phases), remembering the task that holds the device longest."""
    starts = [(row.start if period is None else row.start % period, row) for row in rows]
    starts.sort(key=lambda pair: pair[0])
    free, holder = _carried_over(starts, period) if period is not None and starts else (0, None)
    for start, row in starts:
        if holder is not None and start < free:
            modulo = "" if period is None else f" modulo {period}"
            message = f"overlaps{modulo} {holder.task}, which runs from {holder.start} to {holder.end}"
            yield Violation.at("2", row, message)
        end = start + row.end - row.start
        if holder is None or end > free:
            free, holder = end, row


def _carried_over(starts: list[tuple[int, ScheduledTask]], period: int) -> tuple[int, ScheduledTask]:
    """Return until when the period before holds the device (perhaps not at all: <= 0), and its task."""
    start, row = max(starts, key=lambda pair: pair[0] + pair[1].end - pair[1].start)
    return start + row.end - row.start - period, row
