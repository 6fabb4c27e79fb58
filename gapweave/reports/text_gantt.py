"""A Gantt chart in characters, for the terminal."""

from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import groupby
from typing import NamedTuple, TypeAlias
from unicodedata import normalize

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask
from gapweave.reports.captions import KIND_NAMES, kinds_of, printable, quality, subtitle, value_name
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.colours import LIGHT, ink_on
from gapweave.reports.step_spans import StepSpan, is_marked, step_spans
from gapweave.reports.time_scale import TimeScale, grouped


class Running(NamedTuple):
    """What a device does: tasks of a job and kind, of a step that is marked or of one that is not."""

    job: int
    kind: str
    is_marked: bool = False


#: None: idle.
Activity: TypeAlias = Running | None

#: Letters of F, B, W and O for each job; the primary has capitals, the first secondary job small letters.
_ALPHABETS = (
    *("FBWO", "fbwo", "ACDE", "GHIJ", "KLMN", "PQRS", "TUVX"),
    *("acde", "ghij", "klmn", "pqrs", "tuvx", "0123", "4567"),
)
_IDLE_LETTER = "."
#: A combining dot above: F, B, W and O have letters with it that are single characters.
_DOT = "\N{COMBINING DOT ABOVE}"
#: Between a device's name and its tasks: what is cut at the edge of the chart begins before it, or goes on.
_EDGE = "│"
_TORN_LEFT = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
_TORN_RIGHT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
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
        Of an objective with a period, two periods of steady state are drawn, and above them from when to
        when each step lasts. Letters of every other step have a dot.
    width
        Columns of the terminal; no line is longer, but fewer than 20 are taken for 20.
    end
        Where the time axis ends at the earliest, in ticks: charts with the same end can be compared.
    """
    return _TextChart(schedule, max(width, _NARROWEST), end or 1).draw()


def letter(activity: Activity) -> str:
    """Return the character of a job and kind, or of idle time; the one of a marked step has a dot above."""
    if activity is None:
        return _IDLE_LETTER
    job, kind, is_marked_step = activity
    plain = _ALPHABETS[job % len(_ALPHABETS)][_ALPHABETS[0].index(kind)]
    return normalize("NFC", plain + _DOT) if is_marked_step else plain


class _TextChart:
    """One chart of ``width`` columns, of which ``columns`` show time."""

    def __init__(self, schedule: Schedule, width: int, end: int) -> None:
        self.schedule = schedule
        self.width = width
        self.names = [printable(device.name, _LONGEST_NAME) for device in schedule.instance.devices]
        self.window = ChartWindow.of(schedule)
        self.steps = step_spans(schedule)
        self.origin = self.window.begin
        end = max(self.window.end, end)
        self.span = end - self.origin
        self.scale = TimeScale.fitting(schedule.instance.time_unit, end)
        jobs = [printable(job.name, _LONGEST_NAME) for job in schedule.instance.jobs[: len(self.steps)]]
        self.jobs = jobs
        longest = max(cell_len(name) for name in [*self.names, *jobs, self.scale.unit])
        self.label_width = min(longest, width // 4)
        is_periodic = schedule.period is not None
        self.columns = width - self.label_width - 2 - self.window.is_torn - is_periodic
        #: The columns before which a line stands: where a period ends and the next one begins.
        self.boundaries = [schedule.value * self.columns // self.span] if is_periodic else []

    def draw(self) -> Text:
        lines = [
            self._heading(),
            *self._step_lines(),
            *self._device_lines(),
            *self._time_axis(),
            *self._legend(),
        ]
        chart = Text("\n", no_wrap=True, overflow="ignore").join(lines)
        chart.no_wrap, chart.overflow = True, "ignore"
        return chart

    def _heading(self) -> Text:
        if self.schedule.period is not None:
            return Text(_fit(subtitle(self.schedule), self.width))
        value = self.scale.format(self.schedule.value)
        return Text(_fit(f"{value_name(self.schedule)} {value} · {quality(self.schedule)}", self.width))

    def _step_lines(self) -> Iterator[Text]:
        """Yield a line per job that says from when to when each of its steps lasts."""
        for job, (name, spans) in enumerate(zip(self.jobs, self.steps, strict=True)):
            cells = [" "] * self.columns
            for span in spans:
                first = (span.start - self.origin) * self.columns // self.span
                length = -(-(span.end - self.origin) * self.columns // self.span) - first
                cells[first : first + length] = _bar(span, length)
            line = Text(f"{_padded(name, self.label_width)}  ")
            between = "─" if self.boundaries and cells[self.boundaries[0] - 1] == "─" else " "
            bars = Text("".join(cells), Style(color=LIGHT.shade(job, "B")))
            yield line.append_text(self._divided(bars, between))

    def _device_lines(self) -> Iterator[Text]:
        torn_left, torn_right = self.window.torn_left, self.window.torn_right
        for device, (name, rows) in enumerate(zip(self.names, self.window.by_device, strict=True)):
            edge = _TORN_LEFT if device in torn_left else _EDGE
            line = Text(f"{_padded(name, self.label_width)} {edge}")
            tasks = Text()
            for activity, cells in groupby(self._dominant_activities(rows)):
                tasks.append(letter(activity) * sum(1 for _ in cells), _style(activity))
            line.append_text(self._divided(tasks, _EDGE))
            if self.window.is_torn:
                line.append(_TORN_RIGHT if device in torn_right else " ")
            yield line

    def _divided(self, cells: Text, line: str) -> Text:
        """Put a line between one period and the next."""
        return Text(line).join(cells.divide(self.boundaries))

    def _dominant_activities(self, rows: Sequence[ScheduledTask]) -> list[Activity]:
        """Return what each column shows.

        Column c is [c, c+1) x span / columns. In units of 1/columns tick, a task is [start, end) x columns
        and a column [c, c+1) x span, which keeps the arithmetic in integers.
        """
        shares: list[dict[Running, int]] = [{} for _ in range(self.columns)]
        for row in rows:
            start, end = (row.start - self.origin) * self.columns, (row.end - self.origin) * self.columns
            for column in range(start // self.span, -(-end // self.span)):
                overlap = min(end, (column + 1) * self.span) - max(start, column * self.span)
                share = shares[column]
                activity = Running(row.job, row.kind, is_marked(row.step))
                share[activity] = share.get(activity, 0) + overlap
        return [
            max(share, key=share.__getitem__) if 2 * sum(share.values()) >= self.span else None
            for share in shares
        ]

    def _time_axis(self) -> Iterator[Text]:
        """Yield a ruler and the times below it; a time that does not fit at its mark is left out."""
        ruler, times = self._ruler(), ""
        longest = len(grouped(round(self.span / self.scale.ticks, 1)))
        for mark in self.scale.marks(self.span + self.origin, self.columns // (longest + 3)):
            column = (round(mark * self.scale.ticks) - self.origin) * self.columns // self.span
            column += sum(boundary <= column for boundary in self.boundaries)
            text = grouped(mark)
            if column + len(text) <= self.columns and column >= len(times):
                ruler = f"{ruler[:column]}┬{ruler[column + 1 :]}"
                times = f"{times:<{column}}{text} "
        yield Text(f"{' ' * self.label_width} └{ruler}")
        yield Text(f"{_padded(self.scale.unit, self.label_width)}  {times.rstrip()}")

    def _ruler(self) -> str:
        """Return a line that is crossed where a period ends and the next one begins."""
        return self._divided(Text("─" * self.columns), "┴").plain

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
                item.append(letter(Running(index, kind)), _style(Running(index, kind)))
            item.append(" " + _fit(printable(job.name, _LONGEST_NAME), self.width - len(kinds) - 1))
            yield item
        yield Text.assemble((_IDLE_LETTER, _style(None)), " idle")
        if self.steps:
            dotted = "".join(letter(Running(0, kind, is_marked=True)) for kind in kinds)
            yield Text(f"{dotted} every other step")
        if self.window.is_torn:
            yield Text(f"{_TORN_LEFT} {_TORN_RIGHT} begins before, goes on")
        for kind in kinds:
            yield Text(f"{kind} {KIND_NAMES[kind]}")


def _style(activity: Activity) -> Style:
    if activity is None:
        return Style(dim=True)
    job, kind, is_marked_step = activity
    fill = LIGHT.shade(job, kind)
    return Style(color=ink_on(fill), bgcolor=fill, underline=is_marked_step or None)


def _bar(span: StepSpan, length: int) -> str:
    """Return ``length`` characters from ``├`` to ``┤`` with the step's name in them, if it fits."""
    left = _TORN_LEFT if span.is_torn_left else "├"
    right = _TORN_RIGHT if span.is_torn_right else "┤"
    name = next((name for name in (f" {span.name} ", span.name[5:]) if len(name) + 2 <= length), "")
    return (left + name.ljust(max(length - 2, 0), "─") + right)[:length]


def _fit(text: str, width: int) -> str:
    """Cut a text to ``width`` terminal cells."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _padded(text: str, width: int) -> str:
    return set_cell_size(_fit(text, width), width)
