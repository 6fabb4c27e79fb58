"""``gapweave profile``: measure real stages, and write what they cost as an instance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gapweave.cli.arguments import JsonOption
from gapweave.cli.choices import Placement, ProfileDevice
from gapweave.cli.output import write_fields, write_json
from gapweave.models.atomic_write import require_writable
from gapweave.models.errors import InvalidOption
from gapweave.models.placement import Placement as PlacementName

if TYPE_CHECKING:
    from gapweave.models.instance import Instance

_DEFAULT_MODEL = "transformer:width=128,heads=4,sequence=64,batch=4"


def profile(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="INSTANCE", help="Where to write.", show_default=False)
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A job's model: transformer, gpt2 or llama, with layers=, width=, heads=, sequence=, "
            "batch=, dropout=, learning_rate=, seed=; or hf with config=PATH.json. Once for each job.",
            show_default=f"two of {_DEFAULT_MODEL}",
        ),
    ] = None,
    jobs: Annotated[
        str | None,
        typer.Option(
            metavar="FUNCTION",
            help="module:function or file.py:function that returns own TrainingJobs, without argument.",
        ),
    ] = None,
    stages: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Stages of each ready-made job.", show_default="2"),
    ] = None,
    devices: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Fewer than stages: each gets several of a job, in turn.",
            show_default="one for each stage",
        ),
    ] = None,
    microbatches: Annotated[
        str, typer.Option(metavar="M[,M...]", help="Microbatches of each job, or of all.")
    ] = "8",
    split: Annotated[
        bool, typer.Option("--split", help="Measure the gradients of inputs and of weights apart.")
    ] = False,
    placement: Annotated[
        Placement, typer.Option(help="Device order of the secondary jobs; v: of all jobs, forth and back.")
    ] = Placement.same,
    repeats: Annotated[int, typer.Option(min=1, help="Measurements of each task.")] = 20,
    memory_capacity: Annotated[
        int | None, typer.Option(min=0, metavar="BYTES", help="Of each device.", show_default="unlimited")
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(metavar="FILE", help="Text that the models learn, byte by byte.")
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Measure one stage after the other, not all devices at once.")
    ] = False,
    device: Annotated[ProfileDevice, typer.Option(help="What to measure on.")] = ProfileDevice.cpu,
    as_json: JsonOption = False,
) -> None:
    """Measure what every task of real stages costs in time and memory, and write an instance.

    `gapweave solve` schedules it, and `gapweave run` trains the same models (or --jobs) by that schedule.
    """
    from gapweave.executor.profile.profile import ProfileOptions
    from gapweave.executor.profile.profile import profile as measure
    from gapweave.executor.ready_made.spec import ModelSpec

    if placement.value == "search":
        raise InvalidOption("--placement: search is for solve, a measurement needs one placement")
    if jobs is not None and (model or corpus or stages):
        raise InvalidOption("--model, --stages and --corpus are for ready-made jobs, not with --jobs")
    placed: PlacementName = placement.value  # type: ignore[assignment]
    require_writable(output)
    models = [] if jobs is not None else model or [_DEFAULT_MODEL] * 2
    options = ProfileOptions(
        specs=tuple(map(ModelSpec.parse, models)),
        jobs=jobs,
        stages=stages or 2,
        devices=devices,
        microbatches=_counts(microbatches),
        split=split,
        placement=placed,
        repeats=repeats,
        memory_capacity=memory_capacity,
        corpus=corpus,
        alone=alone,
        device=device.value,
        name=Path(output).name.split(".")[0] or "profile",
    )
    instance = measure(options)
    instance.save(output)
    if as_json:
        write_json(instance.to_document() | {"output": output})
    else:
        write_fields(_description(instance, output))


def _counts(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise InvalidOption(f"--microbatches: expected numbers such as 8,12, got {text!r}") from None


def _description(instance: "Instance", output: str) -> dict[str, object]:
    unit = instance.time_unit
    jobs = {
        f"job {job.name}": "; ".join(
            f"F {stage.forward:,} B {stage.backward:,}"
            + (f" W {stage.weight:,}" if stage.weight is not None else "")
            + f" O {stage.optimizer:,} {unit}"
            for stage in job.stages
        )
        for job in instance.jobs
    }
    return {"instance": instance.name, **jobs, "measured": instance.description, "wrote": output}
