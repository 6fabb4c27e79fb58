"""An interactive chart as plotly takes it: traces, layout, and a palette for each theme."""

from collections.abc import Sequence
from typing import Any

from gapweave.models.schedule import Schedule
from gapweave.models.task import KINDS
from gapweave.reports.captions import subtitle
from gapweave.reports.colours import THEMES, Theme, ink_on
from gapweave.reports.html_memory import memory_traces
from gapweave.reports.html_panels import Panel, stack_panels
from gapweave.reports.html_tasks import Trace, task_traces
from gapweave.reports.html_text import as_text
from gapweave.reports.time_axis import TimeAxis

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
_LEGEND, _TIME_AXIS, _TOP_AXIS = 62, 46, 24
_LETTER_WIDTH = 6.6
_TALL = 900


def html_figure(schedules: Sequence[Schedule], titles: Sequence[str]) -> dict[str, Any]:
    """Return the chart as JSON values.

    Returns
    -------
    dict
        ``data`` and ``layout`` of a plotly figure, in which a colour is a name such as ``@ink``, and
        ``palettes``: for each theme what the names stand for. Times are in the unit of the axis, y is in
        pixels from the top of the plot.
    """
    axis = TimeAxis.of(schedules)
    panels = stack_panels(schedules, titles, axis.scale)
    jobs = max(len(schedule.instance.jobs) for schedule in schedules)
    traces = [*task_traces(panels, axis), *memory_traces(panels, axis), *_marker_traces(panels, axis)]
    return {
        "data": traces,
        "layout": _layout(panels, axis),
        "palettes": {name: _palette(theme, jobs) for name, theme in THEMES.items()},
    }


def _layout(panels: Sequence[Panel], axis: TimeAxis) -> dict[str, Any]:
    height = panels[-1].bottom
    top = _LEGEND + (_TOP_AXIS if height > _TALL else 0)
    names = _row_names(panels)
    peaks = _peak_names(panels)
    margin = {"l": _label_room(names), "r": _label_room(peaks), "t": top, "b": _TIME_AXIS, "pad": 0}
    return {
        "height": round(height + top + _TIME_AXIS),
        "margin": margin,
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "font": {"family": _FONT, "size": 12, "color": "@ink"},
        "barmode": "overlay",
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": "@paper", "font": {"color": "@ink"}},
        "dragmode": "zoom",
        "uirevision": "kept",
        "xaxis": _time_axis(axis) | {"title": {"text": f"time ({axis.scale.unit})", "standoff": 8}},
        "xaxis2": _time_axis(axis) | {"overlaying": "x", "matches": "x", "side": "top", "showgrid": False},
        "yaxis": _row_axis(names, height),
        "yaxis2": _row_axis(peaks, height) | {"overlaying": "y", "side": "right"},
        "annotations": [note for panel in panels for note in _annotations(panel, axis)],
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1 + (top - 2) / height,
            "yanchor": "top",
            "groupclick": "toggleitem",
            "bgcolor": "rgba(0,0,0,0)",
        },
    }


def _time_axis(axis: TimeAxis) -> dict[str, Any]:
    return {
        "range": [axis.origin / axis.scale.ticks, axis.end / axis.scale.ticks],
        "showgrid": True,
        "gridcolor": "@grid",
        "zeroline": False,
        "showline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "@grid",
        "tickfont": {"color": "@quiet-ink"},
        "separatethousands": True,
        "exponentformat": "none",
    }


def _row_axis(names: dict[float, str], height: float) -> dict[str, Any]:
    return {
        "range": [height, 0],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "tickmode": "array",
        "tickvals": list(names),
        "ticktext": list(names.values()),
        "tickfont": {"size": 11},
    }


def _row_names(panels: Sequence[Panel]) -> dict[float, str]:
    names: dict[float, str] = {}
    for panel in panels:
        devices = [as_text(device.name) for device in panel.schedule.instance.devices]
        tracks = [panel.gantt] if panel.memory is None else [panel.gantt, panel.memory_track]
        names |= {track.centre(row): devices[row] for track in tracks for row in track.labelled}
    return names


def _peak_names(panels: Sequence[Panel]) -> dict[float, str]:
    return {
        panel.memory_track.centre(row): panel.memory.peak_texts[row]
        for panel in panels
        if panel.memory is not None
        for row in panel.memory_track.labelled
    }


def _label_room(names: dict[float, str]) -> int:
    longest = max(map(len, names.values()), default=0)
    return round(14 + min(longest, 28) * _LETTER_WIDTH)


def _annotations(panel: Panel, axis: TimeAxis) -> list[dict[str, Any]]:
    notes = [
        _note(f"<b>{as_text(panel.title)}</b>", panel.top + 10) | {"font": {"size": 16}},
        _note(as_text(subtitle(panel.schedule)), panel.top + 30) | {"font": {"color": "@quiet-ink"}},
    ]
    if panel.memory is not None:
        words = f"memory of each device, a full row is {panel.memory.scale.format(panel.memory.full)}"
        y = panel.memory_track.top - 10
        notes.append(_note(as_text(words), y) | {"font": {"color": "@quiet-ink"}})
        notes.append(_note("peak", y) | {"x": 1, "xshift": 3, "font": {"color": "@quiet-ink"}})
    for level, marker in enumerate(panel.markers):
        on_left = marker.time - axis.origin > axis.span / 3
        place = {"x": marker.time / axis.scale.ticks, "xref": "x", "xanchor": "right" if on_left else "left"}
        notes.append(
            _note(as_text(marker.text), panel.marker_height(level)) | place | {"xshift": -3 if on_left else 3}
        )
    return notes


def _note(text: str, y: float) -> dict[str, Any]:
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "y",
        "yanchor": "middle",
        "showarrow": False,
        "borderpad": 0,
    }


def _marker_traces(panels: Sequence[Panel], axis: TimeAxis) -> list[Trace]:
    """Return the lines of all values, those of all lower bounds, and an empty trace for the upper axis."""
    traces: list[Trace] = []
    for is_bound in (False, True):
        x: list[float | None] = []
        y: list[float | None] = []
        for panel in panels:
            for level, marker in enumerate(panel.markers):
                if marker.is_bound == is_bound:
                    time = marker.time / axis.scale.ticks
                    x += [time, time, None]
                    y += [panel.marker_height(level) - 6, panel.bottom, None]
        line = {"color": "@ink", "width": 1.2} | ({"dash": "5px,4px"} if is_bound else {})
        traces.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line})
    if panels[-1].bottom > _TALL:
        traces.append({"type": "scatter", "mode": "lines", "x": [None], "y": [None], "xaxis": "x2"})
    return [trace | {"hoverinfo": "skip", "showlegend": False} for trace in traces]


def _palette(theme: Theme, jobs: int) -> dict[str, str]:
    palette = {
        "@paper": theme.paper,
        "@ink": theme.ink,
        "@quiet-ink": theme.quiet_ink,
        "@grid": theme.grid,
        "@idle-tint": theme.idle_tint,
        "@idle-hatch": theme.idle_hatch,
        "@resident": theme.resident,
    }
    for job in range(jobs):
        for kind in KINDS:
            fill = theme.shade(job, kind)
            palette[f"@job-{job}-{kind}"] = fill
            palette[f"@on-{job}-{kind}"] = theme.ink if kind == "O" else ink_on(fill)
    return palette
