"""``gapweave export``: a schedule in the formats of other programs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gapweave.cli.arguments import JsonOption, ScheduleArgument
from gapweave.cli.documents import refuse_violations
from gapweave.models.errors import InvalidOption, InvalidSchedule

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule


class Target(StrEnum):
    """What a schedule can be exported to."""

    perfetto = "perfetto"
    csv = "csv"
    torch_csv = "torch-csv"


def export(
    schedule: ScheduleArgument,
    to: Annotated[
        Target,
        typer.Option(
            "--to",
            help="A trace for ui.perfetto.dev, one row per task, or what torch's pipelining loads.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to.", show_default=False)
    ],
    job: Annotated[
        str | None,
        typer.Option(help="With torch-csv: write only this job.", show_default="each to a file of its own"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a schedule as a Chrome trace (Perfetto), as CSV, or for torch.distributed.pipelining."""
    from gapweave.cli.output import write, write_json
    from gapweave.models.atomic_write import require_writable, write_text
    from gapweave.models.schedule import Schedule

    loaded = Schedule.load(schedule)
    if job is not None and to is not Target.torch_csv:
        raise InvalidOption("--job: goes with --to torch-csv")
    require_writable(output)
    files = _exported(schedule, loaded, to, output, job)
    for path, text in files.items():
        write_text(path, text)
        if not as_json:
            write(f"wrote {path}")
    if as_json:
        write_json({"schedule": schedule, "to": to.value, "outputs": list(files)})


def _exported(path: str, schedule: "Schedule", to: Target, output: str, job: str | None) -> dict[str, str]:
    """Return the text of each file; raises errors that name the schedule's file."""
    from gapweave.models.verify import verify

    if to is Target.perfetto:
        return {output: _trace(path, schedule)}
    if to is Target.csv:
        return {output: _csv(schedule)}
    refuse_violations(path, verify(schedule))
    return _torch_csv(schedule, output, job)


def _trace(path: str, schedule: "Schedule") -> str:
    import json

    from gapweave.executor.chrome_trace import chrome_trace

    try:
        return json.dumps(chrome_trace(schedule)) + "\n"
    except InvalidSchedule as exc:
        raise InvalidSchedule(exc.field, exc.problem, path) from exc


def _csv(schedule: "Schedule") -> str:
    from gapweave.reports.csv_export import schedule_csv

    return schedule_csv(schedule)


def _torch_csv(schedule: "Schedule", output: str, job: str | None) -> dict[str, str]:
    """Return the text of each file: of several jobs, each goes to ``NAME.JOB.SUFFIX``."""
    import re
    from pathlib import Path

    from gapweave.executor.torch_csv import torch_csv

    names = [own.name for own in schedule.instance.jobs]
    if job is not None and job not in names:
        raise InvalidOption(f"--job: expected one of {', '.join(names)}, got {job!r}")
    chosen = [number for number, name in enumerate(names) if job in (None, name)]
    if len(chosen) == 1:
        return {output: torch_csv(schedule, chosen[0])}
    target = Path(output)
    plain = [re.sub(r"[^\w.+-]", "-", name) for name in names]
    files = {
        number: str(target.with_name(f"{target.stem}.{plain[number]}{target.suffix}")) for number in chosen
    }
    if len(set(files.values())) < len(files):
        raise InvalidOption("--job: needed, the names of the jobs give equal file names")
    return {file: torch_csv(schedule, number) for number, file in files.items()}
