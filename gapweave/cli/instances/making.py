"""``gapweave instances make``."""

from typing import Annotated

import typer

from gapweave.cli.arguments import JsonOption
from gapweave.cli.output import write, write_json
from gapweave.models.errors import InvalidOption


def make(
    devices: Annotated[int, typer.Option(help="Devices, and stages of each job.", show_default=False)],
    microbatches: Annotated[
        str, typer.Option(metavar="M[,M...]", help="Microbatches of each job.", show_default=False)
    ],
    seed: Annotated[int, typer.Option(help="Of the random durations.", show_default=False)],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The instance file.", show_default=False)
    ],
    reversed_order: Annotated[
        bool, typer.Option("--reversed", help="Every other job runs from the last device to the first.")
    ] = False,
    split: Annotated[bool, typer.Option("--split", help="Split the backward into B and W.")] = False,
    spread: Annotated[float, typer.Option(help="Durations differ by this share from their average.")] = 0.15,
    transfer: Annotated[int, typer.Option(help="Ticks of every transfer.")] = 0,
    memory_microbatches: Annotated[
        int | None,
        typer.Option(
            help="Microbatches in flight that each device has memory for.", show_default="unlimited"
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The instance's name.", show_default="made of the options")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a random instance: one pipeline over all devices for each job, always the same for one seed."""
    from gapweave.instances.generator import make_instance

    instance = make_instance(
        devices=devices,
        microbatches=_counts(microbatches),
        reversed_order=reversed_order,
        split=split,
        spread=spread,
        transfer=transfer,
        memory_microbatches=memory_microbatches,
        seed=seed,
        name=name,
    )
    instance.save(output)
    if as_json:
        write_json({"name": instance.name, "tasks": instance.task_count, "output": output})
    else:
        write(f"wrote {output}: {instance.name}, {instance.task_count:,} tasks")


def _counts(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InvalidOption(f"--microbatches: expected numbers with commas between, got {text!r}") from None
