"""What an interactive chart shows, as JSON values: the schedules' tasks, idle intervals and memory."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gapweave.models.idle import idle_intervals
from gapweave.models.schedule import COLUMNS, Schedule
from gapweave.models.task import KINDS
from gapweave.reports.captions import KIND_NAMES
from gapweave.reports.chart_window import PERIODS
from gapweave.reports.colours import FOOT, THEMES, Theme, ink_on
from gapweave.reports.html_figure import html_figure
from gapweave.reports.html_panels import Panel, Track, stack_panels
from gapweave.reports.html_text import as_name
from gapweave.reports.job_names import job_labels, occurring
from gapweave.reports.memory_layers import MemoryChart
from gapweave.reports.step_spans import has_steps, is_marked, step_name
from gapweave.reports.time_axis import TimeAxis


def chart_data(schedules: Sequence[Schedule], titles: Sequence[str]) -> dict[str, Any]:
    """Return everything that the page's script needs.

    Returns
    -------
    dict
        ``figure``: axes and texts for plotly, with names such as ``@ink`` for colours; ``palettes``: what
        they stand for in each theme; ``time``: the unit of the axis in ticks; ``groups``: the jobs and kinds
        that occur; ``schedules``: for each its tasks in the schedule format's columns, its idle intervals
        and its memory. Times are in ticks, places in pixels from the top of the plot.
    """
    axis = TimeAxis.of(schedules)
    panels = stack_panels(schedules, titles, axis.scale)
    jobs = job_labels(schedules)
    return {
        "figure": html_figure(panels, axis),
        "palettes": {name: _palette(theme, len(jobs)) for name, theme in THEMES.items()},
        "time": {"unit": axis.scale.unit, "ticks": axis.scale.ticks},
        "jobs": jobs,
        "kinds": KIND_NAMES,
        "groups": [{"job": job, "kind": kind} for job, kind in occurring(schedules)],
        "columns": COLUMNS,
        "schedules": [_schedule(panel) for panel in panels],
    }


def _schedule(panel: Panel) -> dict[str, Any]:
    schedule = panel.schedule
    return {
        "devices": [as_name(device.name) for device in schedule.instance.devices],
        "track": _track(panel.gantt),
        "begin": panel.window.begin,
        "end": panel.window.end,
        "tasks": panel.window.tasks,
        "steps": _steps(panel),
        "stepNames": _step_names(panel),
        "idle": _idle(schedule),
        "memory": panel.memory and _memory(panel.memory, panel.memory_track),
        "markers": [
            {"time": marker.time, "dashed": marker.is_bound, "top": panel.marker_height(marker.level) - 6}
            for marker in panel.markers
        ],
        "bottom": panel.bottom,
    }


def _steps(panel: Panel) -> list[dict[str, Any]]:
    """Return the bars of all lines of steps."""
    return [
        {
            "job": span.job,
            "name": span.name,
            "start": span.start,
            "end": span.end,
            "isMarked": is_marked(span.step),
            "torn": [span.is_torn_left, span.is_torn_right],
            "y": panel.lanes.centre(lane) - panel.lanes.box_height / 2,
            "height": panel.lanes.box_height,
        }
        for lane, spans in enumerate(panel.steps)
        for span in spans
    ]


def _step_names(panel: Panel) -> dict[int, str] | None:
    """Return what each step is called, if there are several."""
    if not has_steps(panel.schedule):
        return None
    return {
        step: step_name(panel.schedule, step) for step in sorted({row.step for row in panel.window.tasks})
    }


def _idle(schedule: Schedule) -> list[tuple[int, int, int, str]]:
    """Return (device, start, end, phase) of all idle intervals that are drawn, by device and time."""
    found: list[tuple[int, int, int, str]] = [
        (gap.device, gap.start, gap.end, gap.phase) for gap in idle_intervals(schedule)
    ]
    if schedule.period is None:
        return found
    shifts = [number * schedule.period for number in range(PERIODS)]
    return [
        (device, start + shift, end + shift, phase) for shift in shifts for device, start, end, phase in found
    ]


def _memory(memory: MemoryChart, track: Track) -> dict[str, Any]:
    return {
        "track": _track(track),
        "unit": memory.scale.unit,
        "amount": memory.scale.amount,
        "end": memory.end,
        "full": memory.full,
        "capacities": memory.capacities,
        "layers": [asdict(layer) for layer in memory.layers],
    }


def _track(track: Track) -> dict[str, float]:
    return {"top": track.top, "pitch": track.pitch, "box": track.box_height}


def _palette(theme: Theme, jobs: int) -> dict[str, str]:
    palette = {
        "@paper": theme.paper,
        "@ink": theme.ink,
        "@quiet-ink": theme.quiet_ink,
        "@grid": theme.grid,
        "@idle-tint": theme.idle_tint,
        "@idle-hatch": theme.idle_hatch,
        "@resident": theme.resident,
        "@foot": FOOT,
    }
    for job in range(jobs):
        for kind in KINDS:
            fill = theme.shade(job, kind)
            palette[f"@job-{job}-{kind}"] = fill
            palette[f"@on-{job}-{kind}"] = theme.ink if kind == "O" else ink_on(fill)
    return palette
