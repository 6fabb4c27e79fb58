"""A run beside its plan, as text and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gapweave.cli.output import counted, printable, wants_colour, write, write_json, write_table
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from gapweave.executor.measured.comparison import RunComparison
    from gapweave.executor.measured.gaps import DeviceLosses, Loss
    from gapweave.reports.colours import ThemeName
    from gapweave.reports.row_table import RowTable

#: Losses that are listed unless all are asked for.
_LISTED = 10


@dataclass(frozen=True)
class MeasuredView:
    """What is to be shown of a run.

    Attributes
    ----------
    step
        Number of the step, from 1; None: a typical one.
    rescale
        Scale the plan to the measured busy time.
    everything
        List every loss.
    width
        Columns of the text charts; None: the terminal's.
    """

    trace: str
    step: int | None = None
    rescale: bool = False
    everything: bool = False
    output: str | None = None
    memory: bool = False
    theme: "ThemeName | None" = None
    width: int | None = None
    as_json: bool = False

    @classmethod
    def of_options(cls, trace: str | None, **options: Any) -> "MeasuredView | None":
        """Return what to show, or None without a trace; InvalidOption if options need one."""
        if trace is not None:
            return cls(trace, **options)
        for name in ("step", "rescale"):
            if options[name]:
                raise InvalidOption(f"--{name}: goes with --measured TRACE")
        return None


def show_measured(subjects: Sequence[str], view: MeasuredView) -> None:
    """Compare a schedule with its trace; draw it, or write charts, ratios and causes of lost time."""
    from gapweave.executor.measured.comparison import RunComparison
    from gapweave.executor.measured.read_trace import read_measured
    from gapweave.models.errors import InvalidFile
    from gapweave.models.schedule import Schedule

    if len(subjects) != 1:
        raise InvalidOption(f"--measured: goes with one SCHEDULE, got {len(subjects)}")
    events, schedule = read_measured(view.trace, Schedule.load(subjects[0]))
    try:
        run = RunComparison.of(schedule, events, step=view.step, estimate_tick=view.rescale)
    except InvalidFile as exc:
        raise InvalidFile(exc.field, exc.problem, view.trace) from exc
    if view.output is not None:
        from gapweave.reports.measured_page import draw_measured

        draw_measured(run, view.output, memory=view.memory, theme=view.theme)
    if view.as_json:
        write_json(measured_document(run) | ({} if view.output is None else {"output": view.output}))
        return
    if view.output is not None:
        write(f"wrote {view.output}")
    else:
        _write_charts(run, view.width)
    _write_comparison(run, None if view.everything else _LISTED)


def measured_document(run: "RunComparison") -> dict[str, Any]:
    """Return makespans of all steps, and the losses of the shown one; times in nanoseconds."""
    return {
        "instance": run.schedule.instance.name,
        "jobs_left_out": list(run.left_out),
        "tick_nanoseconds": run.length.nanoseconds,
        "tick_is_estimated": run.length.is_estimated,
        "planned_makespan_ns": run.planned_makespan,
        "median_makespan_ns": run.median_makespan,
        "planned_over_measured": run.median_ratio,
        "busy_ratio": run.busy_ratio,
        "step_time_ns": run.step_time,
        "steps": [
            {"step": step.repetition + 1, "makespan_ns": step.makespan, "planned_over_measured": ratio}
            for step, ratio in zip(run.steps, run.ratios.values(), strict=True)
        ],
        "shown_step": run.shown.repetition + 1,
        "devices": [_device_document(run, device) for device in run.losses],
    }


def _device_document(run: "RunComparison", device: "DeviceLosses") -> dict[str, Any]:
    causes = {cause: part for cause, part in device.by_cause.items() if part}
    return {
        "device": device.device,
        "name": run.schedule.instance.devices[device.device].name,
        "lost_ns": causes,
        "lost_ticks": {cause: part / run.length.nanoseconds for cause, part in causes.items()},
        "regained_ns": device.regained,
        "lateness_ns": device.lateness,
        "losses": [_loss_document(loss, run.length.nanoseconds) for loss in device.losses],
    }


def _loss_document(loss: "Loss", tick: float) -> dict[str, Any]:
    return {
        **loss.task._asdict(),
        "is_idle": loss.is_idle,
        "begin_ns": loss.begin,
        "end_ns": loss.end,
        "planned_ns": loss.planned,
        "lost_ns": loss.lost,
        "lost_ticks": loss.lost / tick,
        "causes_ns": dict(loss.parts),
    }


def _write_charts(run: "RunComparison", width: int | None) -> None:
    from shutil import get_terminal_size

    from gapweave.reports.measured_words import shown_title
    from gapweave.reports.text_gantt import text_gantt
    from gapweave.reports.time_axis import schedule_end

    columns = width or get_terminal_size().columns
    end = max(map(schedule_end, (run.planned, run.measured)))
    for title, schedule in (("planned", run.planned), (shown_title(run), run.measured)):
        write(f"{printable(title)}:")
        write(text_gantt(schedule, columns, colour=wants_colour(), end=end) + "\n")


def _write_comparison(run: "RunComparison", most: int | None) -> None:
    from gapweave.reports.measured_words import (
        comparison_sentences,
        longest_losses,
        loss_count,
        losses_table,
        meanings,
    )

    for sentence in comparison_sentences(run):
        write(sentence)
    write("")
    _write_table(losses_table(run), f"Time lost in step {run.shown.repetition + 1}")
    for cause, words in meanings(run):
        write(f"{cause}: {words}")
    write("")
    _write_table(longest_losses(run, most), "Idle intervals and tasks that took longer than planned")
    more = 0 if most is None else loss_count(run) - most
    if more > 0:
        write(f"and {counted(more, 'shorter one')} (--idle lists all)")


def _write_table(table: "RowTable", title: str) -> None:
    rows = [[cell.text for cell in cells] for cells in table.rows]
    write_table(table.columns, rows, left=table.columns[: table.text_columns], title=title)
