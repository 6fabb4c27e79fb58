"""A Gantt chart as a piece of HTML, for notebooks: small, without scripts, on light and dark paper."""

from collections.abc import Iterator
from html import escape

from gapweave.models.schedule import Schedule
from gapweave.reports.captions import KIND_NAMES, kinds_of, marker_levels, markers, printable, subtitle
from gapweave.reports.chart_window import ChartWindow
from gapweave.reports.colours import FOOT, LIGHT, ink_on
from gapweave.reports.job_names import job_labels, occurring
from gapweave.reports.step_spans import StepSpan, is_marked, step_spans
from gapweave.reports.text_gantt import text_gantt
from gapweave.reports.time_axis import TimeAxis
from gapweave.reports.time_scale import grouped

_WIDTH, _RIGHT = 960.0, 14.0
#: (most devices, pixels from one row to the next)
_PITCHES = ((8, 22.0), (32, 14.0), (128, 7.0))
_SMALLEST_PITCH, _LABEL_HEIGHT = 3.0, 12.0
_LETTER_WIDTH, _DIGIT_WIDTH = 6.6, 6.0
_TITLE, _MARKER_LINE, _TIME_AXIS, _LEGEND_LINE = 44.0, 15.0, 24.0, 18.0
_LANE, _FOOT_SHARE, _TOOTH = 16.0, 0.16, 4
_TICK_PITCH = 80.0
_LONGEST_NAME = 24
#: Wider boxes, in pixels, leave a line to the next.
_NARROW, _BETWEEN = 2.0, 0.6
#: Of more tasks, a chart of characters is shown: a box takes about 30 bytes of the notebook.
_MOST_TASKS, _COLUMNS = 50_000, 120
_SPACE = '<tspan dx="18"> </tspan>'
#: Text and lines have the notebook's own colour.
_STYLE = "font: 12px system-ui, sans-serif; fill: currentColor; max-width: 100%; height: auto"


def schedule_html(schedule: Schedule) -> str:
    """Return the chart of a schedule as HTML.

    Of an objective with a period, two periods of steady state are drawn.
    `gapweave.reports.html_gantt.draw_html` makes a page that zooms and tells about each task.
    """
    if len(schedule.tasks) > _MOST_TASKS:
        return f"<pre>{escape(text_gantt(schedule, _COLUMNS))}</pre>"
    return _InlineChart(schedule).draw()


class _InlineChart:
    """One chart; x and y are in pixels from its top left corner."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.window = ChartWindow.of(schedule)
        self.axis = TimeAxis.of([schedule])
        self.lanes = step_spans(schedule)
        self.markers = markers(schedule, self.axis.scale)
        self.names = [printable(device.name, _LONGEST_NAME) for device in schedule.instance.devices]
        jobs = [printable(job.name, _LONGEST_NAME) for job in schedule.instance.jobs[: len(self.lanes)]]
        self.lane_names = jobs
        longest = max(len(label) for label in [*self.names, *jobs, f"{self.axis.scale.unit}  "])
        self.left = 8 + longest * _LETTER_WIDTH
        self.width = _WIDTH - self.left - _RIGHT
        count = len(self.names)
        self.pitch = next((pitch for most, pitch in _PITCHES if count <= most), _SMALLEST_PITCH)
        self.box = self.pitch * 0.86
        self.lanes_top = _TITLE + _MARKER_LINE * marker_levels(self.markers)
        self.top = self.lanes_top + _LANE * len(self.lanes)
        self.bottom = self.top + count * self.pitch

    def draw(self) -> str:
        """Put every part in its place, from back to front."""
        legend_lines = self._legend()
        height = self.bottom + _TIME_AXIS + _LEGEND_LINE * len(legend_lines) + 4
        name = escape(printable(self.schedule.instance.name, 80))
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {height:g}" '
            f'width="{_WIDTH:g}" height="{height:g}" style="{_STYLE}" role="img" aria-label="{name}">'
        )
        title = _text(self.left, 16, name, 'font-weight="bold" font-size="15"')
        below = _text(self.left, 34, escape(subtitle(self.schedule)), 'opacity="0.7"')
        parts = (
            *(self._rows(), self._boxes(), self._feet(), self._numbers(), self._steps()),
            *(self._marked_times(), self._time_axis()),
        )
        drawn = "".join(element for part in parts for element in part)
        legend = "".join(
            _text(self.left, self.bottom + _TIME_AXIS + (number + 0.8) * _LEGEND_LINE, line)
            for number, line in enumerate(legend_lines)
        )
        return f"{head}{title}{below}{drawn}{legend}</svg>"

    def _rows(self) -> Iterator[str]:
        """Yield names and, behind each row, a quiet band: what no task covers is idle."""
        label_every = max(1, -int(-_LABEL_HEIGHT // self.pitch))
        width = self._x(self.window.end) - self.left
        for device, name in enumerate(self.names):
            y = self._y(device)
            if device % label_every == 0:
                yield _text(self.left - 6, y + 4, escape(name), 'text-anchor="end" font-size="11"')
            place = (
                f'x="{self.left:g}" y="{y - self.box / 2:.2f}" width="{width:.1f}" height="{self.box:.2f}"'
            )
            yield f'<rect {place} opacity="0.08"/>'

    def _boxes(self) -> Iterator[str]:
        """Yield one path per job and kind, whatever the number of tasks."""
        outlines: dict[tuple[int, str], list[str]] = {}
        for row, cut in zip(self.window.tasks, self.window.cut, strict=True):
            top = self._y(row.device) - self.box / 2
            left, right = self._x(cut.start), self._x(cut.end)
            if right - left > _NARROW:
                right -= _BETWEEN
            outline = _outline(left, right, top, self.box, row.start < cut.start, row.end > cut.end)
            outlines.setdefault((row.job, row.kind), []).append(outline)
        for job, kind in occurring([self.schedule]):
            colour = LIGHT.shade(job, kind)
            outlined = f' fill-opacity="0.35" stroke="{colour}"' if kind == "O" else ""
            yield f'<path fill="{colour}"{outlined} d="{"".join(outlines[job, kind])}"/>'

    def _feet(self) -> Iterator[str]:
        """Yield one path with the feet of all tasks of every other step."""
        height = _FOOT_SHARE * self.box
        feet = [
            f"M{self._x(row.start):.1f} {self._y(row.device) + self.box / 2 - height:.1f}"
            f"H{self._x(row.end):.1f}v{height:.1f}H{self._x(row.start):.1f}z"
            for row in self.window.cut
            if is_marked(row.step)
        ]
        if feet:
            yield f'<path fill="{FOOT}" d="{"".join(feet)}"/>'

    def _steps(self) -> Iterator[str]:
        """Yield a line of bars for each job, one bar per step."""
        for job, (name, spans) in enumerate(zip(self.lane_names, self.lanes, strict=True)):
            top = self.lanes_top + job * _LANE
            yield _text(self.left - 6, top + 11, escape(name), 'text-anchor="end" font-size="11"')
            for span in spans:
                yield from self._step(span, top)

    def _step(self, span: StepSpan, top: float) -> Iterator[str]:
        left, right, height = self._x(span.start), self._x(span.end) - _BETWEEN, _LANE - 3
        fill = LIGHT.shade(span.job, "F")
        outline = _outline(left, right, top, height, span.is_torn_left, span.is_torn_right)
        yield f'<path fill="{fill}" d="{outline}"/>'
        if is_marked(span.step):
            foot = _FOOT_SHARE * height
            yield f'<path fill="{FOOT}" d="{_outline(left, right, top + height - foot, foot)}"/>'
        if right - left > len(span.name) * _DIGIT_WIDTH + 10:
            yield _text(left + 6, top + 10, span.name, f'font-size="10" fill="{ink_on(fill)}"')

    def _numbers(self) -> Iterator[str]:
        size = min(11.0, self.box * 0.65)
        for row in self.window.cut if size >= 8 else ():
            number = str(row.microbatch)
            room = self._x(row.end) - self._x(row.start)
            if row.microbatch is not None and room >= len(number) * _DIGIT_WIDTH * size / 11 + 3:
                middle, y = self._x((row.start + row.end) / 2), self._y(row.device) + size * 0.36
                ink = ink_on(LIGHT.shade(row.job, row.kind))
                yield _text(middle, y, number, f'text-anchor="middle" font-size="{size:.3g}" fill="{ink}"')

    def _marked_times(self) -> Iterator[str]:
        """Yield makespan and lower bound, the latter dashed, with their labels above the rows."""
        for marker in self.markers:
            x, y = self._x(marker.time), self.lanes_top - 6 - (marker.level - 1) * _MARKER_LINE
            dashes = ' stroke-dasharray="5 4"' if marker.is_bound else ""
            yield f'<path d="M{x:.1f} {y - 10:.1f}V{self.bottom:.1f}" stroke="currentColor"{dashes}/>'
            on_left = x - self.left > self.width / 3
            anchor = 'text-anchor="end"' if on_left else ""
            yield _text(x - 4 if on_left else x + 4, y, escape(marker.text), anchor)

    def _time_axis(self) -> Iterator[str]:
        scale = self.axis.scale
        y = self.bottom + 15
        for mark in scale.marks(self.axis.end, int(self.width / _TICK_PITCH)):
            yield _text(self._x(mark * scale.ticks), y, grouped(mark), 'text-anchor="middle" opacity="0.7"')
        yield _text(self.left - 12, y, scale.unit, 'text-anchor="end" opacity="0.7"')

    def _legend(self) -> list[str]:
        """Return lines: the jobs with a letter and colour for each kind, then what the letters mean."""
        found = occurring([self.schedule])
        lines, taken = [""], 0.0
        for index, label in enumerate(job_labels([self.schedule])):
            kinds = [kind for job, kind in found if job == index]
            width = (len(label) + 3.4 * len(kinds) + 5) * _LETTER_WIDTH
            if taken and taken + width > self.width:
                lines.append("")
                taken = 0.0
            taken += width
            letters = (f'<tspan fill="{LIGHT.shade(index, kind)}">■</tspan>{kind} ' for kind in kinds)
            lines[-1] += f'{"".join(letters)}<tspan font-weight="bold">{escape(label)}</tspan>{_SPACE}'
        meanings = ", ".join(f"{kind} {KIND_NAMES[kind]}" for kind in kinds_of(self.schedule))
        if self.lanes:
            meanings += "; every other step of a job has a foot"
        if self.window.is_torn:
            meanings += "; a torn edge: begins before, or goes on after"
        return [*lines, f'<tspan opacity="0.7">{meanings}</tspan>']

    def _x(self, time: float) -> float:
        return self.left + (time - self.axis.origin) / self.axis.span * self.width

    def _y(self, device: int) -> float:
        return self.top + (device + 0.5) * self.pitch


def _outline(
    left: float, right: float, top: float, height: float, torn_left: bool = False, torn_right: bool = False
) -> str:
    """Return the path of a box; a torn edge has teeth."""
    up, down = (
        "".join(f"l{depth} {sign * height / 4:.1f}l{-depth} {sign * height / 4:.1f}" for _ in range(2))
        for depth, sign in ((_TOOTH, -1), (-_TOOTH, 1))
    )
    return (
        f"M{left:.1f} {top:.1f}H{right:.1f}{down if torn_right else f'v{height:.1f}'}H{left:.1f}"
        f"{up if torn_left else ''}z"
    )


def _text(x: float, y: float, content: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{content}</text>'
