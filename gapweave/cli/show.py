"""``gapweave show``: a schedule as a chart, and where its devices are idle."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import EitherArgument, JsonOption
from gapweave.cli.output import write, write_json

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule


class Jobs(StrEnum):
    """Whose tasks count as busy time."""

    all = "all"
    primary = "primary"


def show(
    subject: EitherArgument,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Draw a picture: .svg, .png or .pdf.", show_default=False
        ),
    ] = None,
    idle: Annotated[bool, typer.Option("--idle", help="List the idle intervals.")] = False,
    jobs: Annotated[
        Jobs, typer.Option("--jobs", help="With --idle: idle of all jobs, or of the primary alone.")
    ] = Jobs.all,
    policy: Annotated[
        str, typer.Option("--policy", help="For an instance: the primary's expected schedule.")
    ] = "1f1b",
    width: Annotated[
        int | None,
        typer.Option("--width", min=20, help="Columns of the text chart.", show_default="the terminal's"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a schedule, as text or as a picture, and list the idle intervals of its devices.

    Of an instance, the primary's schedule is shown as it is expected before anything runs.
    """
    schedule = _scheduled(subject, policy)
    if output is not None:
        _draw(schedule, output)
    if as_json:
        write_json(_report(schedule, jobs if idle else None, output))
        return
    if output is not None:
        write(f"wrote {output}")
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


def _draw(schedule: "Schedule", output: str) -> None:
    from gapweave.reports.gantt import draw_gantt

    draw_gantt(schedule, output)


def _write_chart(schedule: "Schedule", width: int | None) -> None:
    from shutil import get_terminal_size

    from gapweave.cli.output import wants_colour
    from gapweave.reports.text_gantt import text_gantt

    columns = width or get_terminal_size().columns
    write(text_gantt(schedule, width=columns, colour=wants_colour()))


def _report(schedule: "Schedule", jobs: Jobs | None, output: str | None) -> dict[str, Any]:
    from gapweave.cli.idle_report import idle_document

    report = {"name": schedule.instance.name} | schedule.summary()
    if output is not None:
        report["output"] = output
    if jobs is not None:
        report["idle"] = idle_document(schedule, primary_only=jobs is Jobs.primary)
    return report


def _write_idle(schedule: "Schedule", jobs: Jobs) -> None:
    from gapweave.cli.idle_report import write_idle

    write_idle(schedule, primary_only=jobs is Jobs.primary)
