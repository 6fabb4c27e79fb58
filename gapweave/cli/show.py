"""``gapweave show``: schedules as charts, and where their devices are idle."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import JsonOption, complete_instance
from gapweave.cli.choices import Jobs, Paper
from gapweave.cli.measured_report import MeasuredView, show_measured
from gapweave.cli.output import write, write_fields, write_json
from gapweave.cli.steady_lines import steady_document, steady_fields
from gapweave.models.errors import InvalidOption
from gapweave.solver.default_policy import DEFAULT_POLICY

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule


def show(
    subjects: Annotated[
        list[str],
        typer.Argument(
            metavar="SCHEDULE|INSTANCE",
            help="Schedule files, instance files, or names of shipped instances.",
            autocompletion=complete_instance,
            show_default=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw all of them on one time axis: .html (interactive), .svg, .png or .pdf.",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="In a picture: the memory of each device below (.html has it).")
    ] = False,
    theme: Annotated[
        Paper | None,
        typer.Option(
            "--theme", help="With -o: the chart's paper.", show_default="light; in .html the reader's"
        ),
    ] = None,
    idle: Annotated[bool, typer.Option("--idle", help="List the idle intervals.")] = False,
    jobs: Annotated[
        Jobs, typer.Option("--jobs", help="With --idle: idle of all jobs, or of the primary alone.")
    ] = Jobs.all,
    policy: Annotated[
        str, typer.Option("--policy", help="For an instance: the primary's expected schedule.")
    ] = DEFAULT_POLICY,
    width: Annotated[
        int | None,
        typer.Option("--width", min=20, help="Columns of the text chart.", show_default="the terminal's"),
    ] = None,
    measured: Annotated[
        str | None,
        typer.Option(
            "--measured",
            metavar="TRACE",
            help="Compare the schedule with what 'gapweave run --trace' measured.",
            show_default=False,
        ),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option("--step", min=1, help="With --measured: the step to show.", show_default="a median one"),
    ] = None,
    rescale: Annotated[
        bool,
        typer.Option("--rescale", help="With --measured: scale the plan to the measured busy time."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Draw schedules, as text or as a file, and list the idle intervals of their devices.

    Of an instance, the primary's schedule is shown as it is expected before anything runs. With --measured,
    plan and run are shown on one time axis, with the cause of every idle interval that is longer than
    planned.
    """
    if output is None and (memory or theme is not None):
        raise InvalidOption(f"{'--memory' if memory else '--theme'}: goes with -o FILE")
    view = MeasuredView.of_options(
        measured,
        step=step,
        rescale=rescale,
        everything=idle,
        output=output,
        memory=memory,
        theme=None if theme is None else theme.value,
        width=width,
        as_json=as_json,
    )
    if view is not None:
        show_measured(subjects, view)
        return
    schedules = [_scheduled(subject, policy) for subject in subjects]
    if output is not None:
        _draw(schedules, output, memory, theme)
    if as_json:
        write_json(_report(schedules, jobs if idle else None, output))
        return
    if output is not None:
        write(f"wrote {output}")
    for number, schedule in enumerate(schedules):
        if len(schedules) > 1 and (idle or output is None):
            write(("\n" if number else "") + _heading(schedule))
        if idle:
            _write_idle(schedule, jobs)
        elif output is None:
            _write_chart(schedule, width)


def _scheduled(subject: str, policy: str) -> "Schedule":
    from gapweave.cli.documents import load_either
    from gapweave.models.schedule import Schedule

    loaded = load_either(subject)
    if isinstance(loaded, Schedule):
        return loaded
    from gapweave.solver.expected import expected_schedule

    return expected_schedule(loaded, policy)


def _draw(schedules: Sequence["Schedule"], output: str, memory: bool, theme: Paper | None) -> None:
    from gapweave.reports.draw import draw

    draw(schedules, output, memory=memory, theme=None if theme is None else theme.value)


def _heading(schedule: "Schedule") -> str:
    from gapweave.cli.output import printable

    return f"{printable(schedule.instance.name)}, {printable(schedule.solver.name)}:"


def _write_chart(schedule: "Schedule", width: int | None) -> None:
    from shutil import get_terminal_size

    from gapweave.cli.output import wants_colour
    from gapweave.reports.text_gantt import text_gantt

    columns = width or get_terminal_size().columns
    write(text_gantt(schedule, width=columns, colour=wants_colour()))
    steady = steady_fields(schedule)
    if steady:
        write_fields(steady)


def _report(schedules: Sequence["Schedule"], jobs: Jobs | None, output: str | None) -> dict[str, Any]:
    """Return one report, or of several schedules all of them below ``schedules``."""
    reports = [_report_one(schedule, jobs) for schedule in schedules]
    report = reports[0] if len(reports) == 1 else {"schedules": reports}
    return report if output is None else report | {"output": output}


def _report_one(schedule: "Schedule", jobs: Jobs | None) -> dict[str, Any]:
    from gapweave.cli.idle_report import idle_document

    report = {"name": schedule.instance.name} | schedule.summary() | steady_document(schedule)
    if jobs is not None:
        report["idle"] = idle_document(schedule, primary_only=jobs is Jobs.primary)
    return report


def _write_idle(schedule: "Schedule", jobs: Jobs) -> None:
    from gapweave.cli.idle_report import write_idle

    write_idle(schedule, primary_only=jobs is Jobs.primary)
