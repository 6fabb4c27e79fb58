"""A Gantt chart in characters, for the terminal."""

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask
from gapweave.reports.captions import KIND_NAMES, kinds_of, printable, quality, value_name
from gapweave.reports.colours import LIGHT, ink_on
from gapweave.reports.time_scale import TimeScale, grouped

#: A job and a kind, or None for idle time.
Activity: TypeAlias = tuple[int, str] | None

#: Letters of F, B, W and O for each job; the primary has capitals, the first secondary job small letters.
_ALPHABETS = (
    *("FBWO", "fbwo", "ACDE", "GHIJ", "KLMN", "PQRS", "TUVX"),
    *("acde", "ghij", "klmn", "pqrs", "tuvx", "0123", "4567"),
)
_IDLE_LETTER = "."
_NARROWEST = 20
_LONGEST_NAME = 200


def text_gantt(schedule: Schedule, width: int = 80, *, colour: bool = False, end: int | None = None) -> str:
    """Return the chart of `rich_gantt` as lines of characters, with ANSI colour codes if wanted."""
    chart = rich_gantt(schedule, width, end)
    if not colour:
        return chart.plain
    stream = StringIO()
    terminal = Console(file=stream, force_terminal=True, color_system="auto")
    terminal.print(chart, end="", soft_wrap=True)
    return stream.getvalue()


def rich_gantt(schedule: Schedule, width: int = 80, end: int | None = None) -> Text:
    """Draw a schedule in characters.

    A heading, one line per device, the time axis and a legend. A column shows the job and kind that take
    most of its time, or ``.`` if the device is idle for more than half of it.

    Parameters
    ----------
    schedule
        Of an objective with a period, the tasks of the first period are drawn.
    width
        Columns of the terminal; no line is longer, but fewer than 20 are taken for 20.
    end
        Where the time axis ends at the earliest, in ticks: charts with the same end can be compared.
    """
    return _TextChart(schedule, max(width, _NARROWEST), end or 1).draw()


def letter(activity: Activity) -> str:
    """Return the character of a job and kind, or of idle time."""
    if activity is None:
        return _IDLE_LETTER
    job, kind = activity
    return _ALPHABETS[job % len(_ALPHABETS)][_ALPHABETS[0].index(kind)]


class _TextChart:
    """One chart of ``width`` columns, of which ``columns`` show time."""

    def __init__(self, schedule: Schedule, width: int, end: int) -> None:
        self.schedule = schedule
        self.width = width
        self.names = [printable(device.name, _LONGEST_NAME) for device in schedule.instance.devices]
        self.origin = min(0, min((row.start for row in schedule.tasks), default=0))
        end = max(schedule.value, max((row.end for row in schedule.tasks), default=0), end)
        self.span = end - self.origin
        self.scale = TimeScale.fitting(schedule.instance.time_unit, end)
        self.label_width = min(max(cell_len(name) for name in [*self.names, self.scale.unit]), width // 4)
        self.columns = width - self.label_width - 2

    def draw(self) -> Text:
        lines = [self._heading(), *self._device_lines(), *self._time_axis(), *self._legend()]
        chart = Text("\n", no_wrap=True, overflow="ignore").join(lines)
        chart.no_wrap, chart.overflow = True, "ignore"
        return chart

    def _heading(self) -> Text:
        value = self.scale.format(self.schedule.value)
        return Text(_fit(f"{value_name(self.schedule)} {value} · {quality(self.schedule)}", self.width))

    def _device_lines(self) -> Iterator[Text]:
        for name, rows in zip(self.names, self.schedule.tasks_by_device, strict=True):
            line = Text(f"{_padded(name, self.label_width)} │")
            for activity, cells in groupby(self._dominant_activities(rows)):
                line.append(letter(activity) * sum(1 for _ in cells), _style(activity))
            yield line

    def _dominant_activities(self, rows: Sequence[ScheduledTask]) -> list[Activity]:
        """Return what each column shows.

        Column c is [c, c+1) x span / columns. In units of 1/columns tick, a task is [start, end) x columns
        and a column [c, c+1) x span, which keeps the arithmetic in integers.
        """
        shares: list[dict[tuple[int, str], int]] = [{} for _ in range(self.columns)]
        for row in rows:
            start, end = (row.start - self.origin) * self.columns, (row.end - self.origin) * self.columns
            for column in range(start // self.span, -(-end // self.span)):
                overlap = min(end, (column + 1) * self.span) - max(start, column * self.span)
                share = shares[column]
                share[row.job, row.kind] = share.get((row.job, row.kind), 0) + overlap
        return [
            max(share, key=share.__getitem__) if 2 * sum(share.values()) >= self.span else None
            for share in shares
        ]

    def _time_axis(self) -> Iterator[Text]:
        """Yield a ruler and the times below it; a time that does not fit at its mark is left out."""
        ruler, times = "─" * self.columns, ""
        longest = len(grouped(round(self.span / self.scale.ticks, 1)))
        for mark in self.scale.marks(self.span + self.origin, self.columns // (longest + 3)):
            column = (round(mark * self.scale.ticks) - self.origin) * self.columns // self.span
            text = grouped(mark)
            if column + len(text) <= self.columns and column >= len(times):
                ruler = f"{ruler[:column]}┬{ruler[column + 1 :]}"
                times = f"{times:<{column}}{text} "
        yield Text(f"{' ' * self.label_width} └{ruler}")
        yield Text(f"{_padded(self.scale.unit, self.label_width)}  {times.rstrip()}")

    def _legend(self) -> Iterator[Text]:
        line = Text()
        for item in self._legend_items():
            if line and line.cell_len + 3 + item.cell_len > self.width:
                yield line
                line = Text()
            line = Text("   ").join([line, item]) if line else item
        yield line

    def _legend_items(self) -> Iterator[Text]:
        """Yield the letters of each job with its name, those of idle time, and what F, B, W and O mean."""
        kinds = kinds_of(self.schedule)
        for index, job in enumerate(self.schedule.instance.jobs):
            item = Text()
            for kind in kinds:
                item.append(letter((index, kind)), _style((index, kind)))
            item.append(" " + _fit(printable(job.name, _LONGEST_NAME), self.width - len(kinds) - 1))
            yield item
        yield Text.assemble((_IDLE_LETTER, _style(None)), " idle")
        for kind in kinds:
            yield Text(f"{kind} {KIND_NAMES[kind]}")


def _style(activity: Activity) -> Style:
    if activity is None:
        return Style(dim=True)
    fill = LIGHT.shade(*activity)
    return Style(color=ink_on(fill), bgcolor=fill)


def _fit(text: str, width: int) -> str:
    """Cut a text to ``width`` terminal cells."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _padded(text: str, width: int) -> str:
    return set_cell_size(_fit(text, width), width)
