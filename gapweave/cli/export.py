"""``gapweave export``: a schedule in the formats of other programs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gapweave.cli.arguments import ScheduleArgument
from gapweave.models.errors import InvalidOption

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
) -> None:
    """Write a schedule as a Chrome trace (Perfetto), as CSV, or for torch.distributed.pipelining."""
    from gapweave.cli.output import write
    from gapweave.models.atomic_write import require_writable, write_text
    from gapweave.models.schedule import Schedule

    loaded = Schedule.load(schedule)
    if job is not None and to is not Target.torch_csv:
        raise InvalidOption("--job: goes with --to torch-csv")
    if to is Target.torch_csv:
        require_writable(output)
        for path, text in _torch_csv(loaded, output, job).items():
            write_text(path, text)
            write(f"wrote {path}")
        return
    write_text(output, _trace(loaded) if to is Target.perfetto else _csv(loaded))
    write(f"wrote {output}")


def _trace(schedule: "Schedule") -> str:
    import json

    from gapweave.executor.chrome_trace import chrome_trace

    return json.dumps(chrome_trace(schedule)) + "\n"


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
