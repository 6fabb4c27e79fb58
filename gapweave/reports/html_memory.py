"""Memory curves of an interactive chart: an area for resident memory and each job, and the capacity."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from gapweave.reports.html_panels import Panel
from gapweave.reports.html_tasks import Trace
from gapweave.reports.html_text import as_text
from gapweave.reports.memory_layers import MemoryChart
from gapweave.reports.time_axis import TimeAxis
from gapweave.reports.time_scale import percent

_Point = tuple[float | None, float | None]
_GAP: _Point = (None, None)


def memory_traces(panels: Sequence[Panel], axis: TimeAxis) -> Iterator[Trace]:
    """Yield the areas from the whole down to resident memory, the capacities, and the curve of the whole.

    All devices are in each trace, with a gap between one and the next.
    """
    shown = [(panel, panel.memory) for panel in panels if panel.memory is not None]
    if not shown:
        return
    deepest = max(len(memory.layers) for _, memory in shown)
    for depth in reversed(range(deepest)):
        points = [
            point
            for panel, memory in shown
            if depth < len(memory.layers)
            for row in range(panel.memory_track.count)
            for point in _area(panel, memory, depth, row, axis)
        ]
        colour = "@resident" if depth == 0 else f"@job-{depth - 1}-B"
        yield _lines(points) | {"fill": "toself", "fillcolor": colour, "line": {"width": 0, "shape": "hv"}}
    yield _capacity_trace(shown, axis)
    yield _curve_trace(shown, axis)


def _area(panel: Panel, memory: MemoryChart, depth: int, row: int, axis: TimeAxis) -> Iterator[_Point]:
    """Yield the outline of one layer of one device: along its steps, and back along the row's floor."""
    profile = memory.layers[depth].profiles[row]
    floor = _height(panel, memory, row, 0)
    ticks = axis.scale.ticks
    yield profile[0][0] / ticks, floor
    for time, level in _changes(profile):
        yield time / ticks, _height(panel, memory, row, level)
    yield max(memory.end, profile[-1][0]) / ticks, floor
    yield _GAP


def _capacity_trace(shown: Sequence[tuple[Panel, MemoryChart]], axis: TimeAxis) -> Trace:
    points: list[_Point] = []
    for panel, memory in shown:
        for row, capacity in enumerate(memory.capacities):
            if capacity is not None:
                y = _height(panel, memory, row, capacity)
                points += [(axis.origin / axis.scale.ticks, y), (memory.end / axis.scale.ticks, y), _GAP]
    return _lines(points) | {"line": {"width": 1, "color": "@quiet-ink", "dash": "4px,4px"}}


def _curve_trace(shown: Sequence[tuple[Panel, MemoryChart]], axis: TimeAxis) -> Trace:
    """Return the level of each device, a point per change; hovering names it."""
    points: list[_Point] = []
    details: list[list[Any] | None] = []
    for panel, memory in shown:
        names = [as_text(device.name) for device in panel.schedule.instance.devices]
        for row, profile in enumerate(memory.layers[-1].profiles):
            capacity = memory.capacities[row]
            for time, level in _changes(profile):
                points.append((time / axis.scale.ticks, _height(panel, memory, row, level)))
                share = (
                    f" of {memory.scale.format(capacity)}, {percent(level / capacity)}" if capacity else ""
                )
                details.append([names[row], level, f"{memory.scale.format(level)}{share}"])
            points.append(_GAP)
            details.append(None)
    template = (
        f"<b>%{{customdata[2]}}</b><br>%{{customdata[0]}} from %{{x:,}} {axis.scale.unit}<extra></extra>"
    )
    return _lines(points) | {
        "line": {"width": 1, "color": "@quiet-ink", "shape": "hv"},
        "yaxis": "y2",
        "customdata": details,
        "hoverinfo": "all",
        "hovertemplate": template,
        "meta": {"memory": True},
    }


def _changes(profile: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the pairs (time, level) at which the level changes, beginning with the first."""
    yield profile[0]
    for (_, before), (time, level) in pairwise(profile):
        if level != before:
            yield time, level


def _height(panel: Panel, memory: MemoryChart, row: int, level: int) -> float:
    track = panel.memory_track
    floor = track.centre(row) + track.box_height / 2
    return round(floor - track.box_height * level / memory.full, 2)


def _lines(points: Sequence[_Point]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "hoverinfo": "skip",
        "showlegend": False,
    }
