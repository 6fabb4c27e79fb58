"""Tasks and idle intervals as bars of an interactive chart: one trace for each job and kind."""

from collections.abc import Iterator, Sequence
from typing import Any

from gapweave.models.idle import idle_intervals
from gapweave.models.task import Kind, ScheduledTask
from gapweave.reports.captions import KIND_NAMES
from gapweave.reports.html_panels import Panel
from gapweave.reports.html_text import as_text, number_format
from gapweave.reports.job_names import job_labels, occurring
from gapweave.reports.time_axis import TimeAxis, schedule_end

#: A trace of plotly as JSON values; colours are names that a palette resolves.
Trace = dict[str, Any]


def task_traces(panels: Sequence[Panel], axis: TimeAxis) -> Iterator[Trace]:
    """Yield one trace per job and kind over all schedules, and one of all idle intervals.

    ``customdata`` of a task is [microbatch, stage, device, end, schedule, step].
    """
    yield _idle_trace(panels, axis)
    schedules = [panel.schedule for panel in panels]
    labels = [as_text(label) for label in job_labels(schedules)]
    for job, kind in occurring(schedules):
        rows = [
            (panel, row)
            for panel in panels
            for row in panel.schedule.tasks
            if (row.job, row.kind) == (job, kind)
        ]
        yield _task_trace(rows, job, kind, labels[job], axis)


def _task_trace(
    rows: list[tuple[Panel, ScheduledTask]], job: int, kind: Kind, label: str, axis: TimeAxis
) -> Trace:
    fill = f"@job-{job}-{kind}"
    marker: dict[str, Any] = {"color": fill, "line": {"width": 0}}
    if kind == "O":
        marker = _hatched(fill, "@paper")
    has_steps = any(row.step for _, row in rows)
    return {
        **_bars(axis, [(panel, row.device, row.start, row.end) for panel, row in rows]),
        "name": f"{kind} {KIND_NAMES[kind]}",
        "legendgroup": f"job-{job}",
        "legendgrouptitle": {"text": f"<b>{label}</b>"},
        "legendrank": 1 + job,
        "marker": marker,
        "customdata": [
            [
                row.microbatch,
                row.stage,
                _device(panel, row.device),
                row.end / axis.scale.ticks,
                panel.number,
                row.step,
            ]
            for panel, row in rows
        ],
        "hovertemplate": _task_hover(kind, label, axis, has_steps=has_steps),
        "meta": {"job": job, "kind": kind, "ink": f"@on-{job}-{kind}"},
    }


def _idle_trace(panels: Sequence[Panel], axis: TimeAxis) -> Trace:
    """Return the idle intervals; in steady state, where they wrap around, a band behind every row."""
    bars, details = [], []
    for panel in panels:
        for device, start, end, phase in _idle(panel):
            bars.append((panel, device, start, end))
            details.append([phase, None, _device(panel, device), end / axis.scale.ticks])
    return {
        **_bars(axis, bars),
        "name": "idle",
        "legendrank": 2000,
        "marker": _hatched("@idle-hatch", "@idle-tint"),
        "customdata": details,
        "hovertemplate": f"<b>idle</b>, %{{customdata[0]}}<br>%{{customdata[2]}}<br>{_times(axis)}"
        if any(phase for phase, *_ in details)
        else "%{customdata[2]}<extra></extra>",
    }


def _idle(panel: Panel) -> Iterator[tuple[int, int, int, str | None]]:
    schedule = panel.schedule
    if schedule.period is None:
        for gap in idle_intervals(schedule):
            yield gap.device, gap.start, gap.end, gap.phase
    else:
        for device in range(len(schedule.instance.devices)):
            yield device, 0, schedule_end(schedule), None


def _bars(axis: TimeAxis, bars: Sequence[tuple[Panel, int, int, int]]) -> Trace:
    """Return the geometry of bars (panel, device, start, end) as plotly wants it."""
    ticks = axis.scale.ticks
    return {
        "type": "bar",
        "orientation": "h",
        "base": [_exact(start, ticks) for _, _, start, _ in bars],
        "x": [_exact(end - start, ticks) for _, _, start, end in bars],
        "y": [panel.gantt.centre(device) for panel, device, _, _ in bars],
        "width": bars[0][0].gantt.box_height if bars else 1,
    }


def _exact(time: int, ticks: int) -> float:
    return time if ticks == 1 else time / ticks


def _hatched(line: str, ground: str) -> dict[str, Any]:
    pattern = {"shape": "/", "fgcolor": line, "bgcolor": ground, "size": 7, "solidity": 0.14}
    return {"color": ground, "line": {"width": 0}, "pattern": pattern}


def _task_hover(kind: Kind, label: str, axis: TimeAxis, *, has_steps: bool) -> str:
    what = KIND_NAMES[kind] if kind == "O" else f"{KIND_NAMES[kind]} of microbatch %{{customdata[0]}}"
    where = "stage %{customdata[1]} on %{customdata[2]}" + (", step %{customdata[5]}" if has_steps else "")
    return f"<b>{what}</b><br>{label}, {where}<br>{_times(axis)}"


def _times(axis: TimeAxis) -> str:
    style, unit = number_format(axis.scale.ticks), axis.scale.unit
    return (
        f"%{{base:{style}}} to %{{customdata[3]:{style}}} {unit}<br>"
        f"lasts %{{value:{style}}} {unit}<extra></extra>"
    )


def _device(panel: Panel, device: int) -> str:
    return as_text(panel.schedule.instance.devices[device].name)
