"""``gapweave schema``: the JSON Schema of a file format."""

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """The two file formats."""

    instance = "instance"
    schedule = "schedule"


def schema(
    format_: Annotated[Format, typer.Argument(metavar="instance|schedule", show_default=False)],
) -> None:
    """Print the JSON Schema of the instance or the schedule format."""
    from gapweave.cli.output import write_json
    from gapweave.models.json_schema import instance_schema, schedule_schema

    write_json(instance_schema() if format_ is Format.instance else schedule_schema())
