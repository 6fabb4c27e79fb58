"""Arguments and options that several commands share."""

from typing import Annotated

import typer


def complete_instance(incomplete: str) -> list[str]:
    """Return the shipped instances whose names begin like this."""
    from gapweave.instances import names

    return [name for name in names() if name.startswith(incomplete)]


InstanceArgument = Annotated[
    str,
    typer.Argument(
        metavar="INSTANCE",
        help="An instance file, or the name of a shipped instance.",
        autocompletion=complete_instance,
        show_default=False,
    ),
]
ScheduleArgument = Annotated[
    str, typer.Argument(metavar="SCHEDULE", help="A schedule file.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
