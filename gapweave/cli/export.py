"""``gapweave export``: a schedule in the formats of other programs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from gapweave.cli.arguments import ScheduleArgument

if TYPE_CHECKING:
    from gapweave.models.schedule import Schedule


class Target(StrEnum):
    """What a schedule can be exported to."""

    perfetto = "perfetto"
    csv = "csv"


def export(
    schedule: ScheduleArgument,
    to: Annotated[
        Target,
        typer.Option("--to", help="A trace for ui.perfetto.dev, or one row per task.", show_default=False),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to.", show_default=False)
    ],
) -> None:
    """Write a schedule as a Chrome trace (Perfetto) or as CSV."""
    from gapweave.cli.output import write
    from gapweave.models.atomic_write import write_text
    from gapweave.models.schedule import Schedule

    loaded = Schedule.load(schedule)
    write_text(output, _trace(loaded) if to is Target.perfetto else _csv(loaded))
    write(f"wrote {output}")


def _trace(schedule: "Schedule") -> str:
    import json

    from gapweave.executor.chrome_trace import chrome_trace

    return json.dumps(chrome_trace(schedule)) + "\n"


def _csv(schedule: "Schedule") -> str:
    from gapweave.reports.csv_export import schedule_csv

    return schedule_csv(schedule)
