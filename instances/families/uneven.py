"""A measured pipeline whose first and last stages differ from the others: ``uneven-p8-m32``."""

from collections.abc import Iterator
from typing import Any

from gapweave.instances.pipeline import row_of_devices
from gapweave.instances.published_data import read_source
from gapweave.models.instance import Instance, Job, Stage, StageMemory

_MICROBATCHES = 32


def instances() -> Iterator[Instance]:
    """Yield the one measured profile."""
    data = read_source("uneven_stages_measured")
    count = len(data["forward"])
    job = Job(
        name="primary",
        microbatches=_MICROBATCHES,
        stages=tuple(_stage(data, number) for number in range(count)),
        forward_transfer=data["transfer"],
        backward_transfer=data["transfer"],
    )
    yield Instance(
        name=f"uneven-p{count}-m{_MICROBATCHES}",
        description=f"{count} measured stages, {_MICROBATCHES} microbatches, backward split into B and W, "
        "with a memory limit; the last stage takes about 1.5 times as long as the others.",
        source=data["source"],
        time_unit="us",
        memory_unit="MB",
        devices=row_of_devices(count, data["memory_capacity"]),
        jobs=(job,),
    )


def _stage(data: dict[str, Any], number: int) -> Stage:
    kinds = ("forward", "backward", "weight")
    return Stage(
        device=number,
        **{kind: data[kind][number] for kind in kinds},
        memory=StageMemory(**{kind: data[f"memory_{kind}"][number] for kind in kinds}),
    )
