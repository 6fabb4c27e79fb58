"""What plotly does in an interactive chart: time axes, devices' names, titles and captions; zoom and pan."""

from collections.abc import Sequence
from typing import Any

from gapweave.reports.captions import subtitle
from gapweave.reports.html_panels import Panel
from gapweave.reports.html_text import as_name, as_text
from gapweave.reports.time_axis import TimeAxis

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
_TOP, _TOP_AXIS, _TIME_AXIS = 6, 30, 46
_LETTER_WIDTH = 6.6
#: Taller charts, in pixels, have a time axis on top too.
_TALL = 900


def html_figure(panels: Sequence[Panel], axis: TimeAxis) -> dict[str, Any]:
    """Return ``data`` and ``layout`` of a plotly figure, in which a colour is a name such as ``@ink``.

    Times are in the unit of the axis, y is in pixels from the top of the plot. The traces are empty: they
    only bring the axes along.
    """
    return {"data": [_trace("x", "y"), _trace("x2", "y2")], "layout": _layout(panels, axis)}


def _trace(x: str, y: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [None],
        "y": [None],
        "xaxis": x,
        "yaxis": y,
        "hoverinfo": "skip",
    }


def _layout(panels: Sequence[Panel], axis: TimeAxis) -> dict[str, Any]:
    height = panels[-1].bottom
    top = _TOP_AXIS if height > _TALL else _TOP
    names, peaks = _row_names(panels), _peak_names(panels)
    return {
        "height": round(height + top + _TIME_AXIS),
        "margin": {
            "l": _label_room(names),
            "r": _label_room(peaks),
            "t": top,
            "b": _TIME_AXIS,
            "autoexpand": False,
        },
        "paper_bgcolor": "@paper",
        "plot_bgcolor": "@paper",
        "font": {"family": _FONT, "size": 12, "color": "@ink"},
        "showlegend": False,
        "hovermode": False,
        "dragmode": "zoom",
        "uirevision": "kept",
        "xaxis": _time_axis(axis)
        | {"title": {"text": f"time ({axis.scale.unit})", "standoff": 8}, "showgrid": True},
        "xaxis2": _time_axis(axis)
        | {"overlaying": "x", "matches": "x", "side": "top", "showticklabels": top == _TOP_AXIS},
        "yaxis": _row_axis(names, height),
        "yaxis2": _row_axis(peaks, height) | {"overlaying": "y", "side": "right"},
        "annotations": [note for panel in panels for note in _annotations(panel, axis)],
    }


def _time_axis(axis: TimeAxis) -> dict[str, Any]:
    return {
        "range": [axis.origin / axis.scale.ticks, axis.end / axis.scale.ticks],
        "showgrid": False,
        "gridcolor": "@grid",
        "zeroline": False,
        "tickfont": {"color": "@quiet-ink"},
        "ticklabelstandoff": 4,
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
        "ticktext": [as_text(name) for name in names.values()],
        "tickfont": {"size": 11},
        "ticklabelstandoff": 4,
    }


def _row_names(panels: Sequence[Panel]) -> dict[float, str]:
    names: dict[float, str] = {}
    for panel in panels:
        devices = [as_name(device.name) for device in panel.schedule.instance.devices]
        jobs = [as_name(job.name) for job in panel.schedule.instance.jobs]
        names |= {panel.lanes.centre(job): jobs[job] for job in panel.lanes.labelled}
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
    quiet = {"font": {"color": "@quiet-ink"}}
    notes = [_note(subtitle(panel.schedule), panel.subtitle_height) | quiet]
    if panel.title:
        title = _note(panel.title, panel.top + 10)
        notes.append(title | {"text": f"<b>{title['text']}</b>", "font": {"size": 16}})
    if panel.memory is not None:
        words = f"memory of each device, a full row is {panel.memory.scale.format(panel.memory.full)}"
        y = panel.memory_track.top - 10
        notes += [_note(words, y) | quiet, _note("peak", y) | quiet | {"x": 1, "xshift": 3}]
    for marker in panel.markers:
        on_left = marker.time - axis.origin > axis.span / 3
        place = {
            "x": marker.time / axis.scale.ticks,
            "xref": "x",
            "xanchor": "right" if on_left else "left",
            "xshift": -3 if on_left else 3,
        }
        notes.append(_note(marker.text, panel.marker_height(marker.level)) | place)
    return notes


def _note(text: str, y: float) -> dict[str, Any]:
    return {
        "text": as_text(text),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": y,
        "yref": "y",
        "yanchor": "middle",
        "showarrow": False,
        "borderpad": 0,
    }
