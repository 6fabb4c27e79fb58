"""``gapweave instances show``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gapweave.cli.arguments import InstanceArgument, JsonOption
from gapweave.cli.output import write_fields, write_json, write_table

if TYPE_CHECKING:
    from gapweave.models.instance import Instance, Job

_COLUMNS = (
    "job",
    "stage",
    "device",
    "forward",
    "backward",
    "weight",
    "optimizer",
    "resident",
    "per microbatch",
)


def show_instance(instance: InstanceArgument, as_json: JsonOption = False) -> None:
    """Show one instance: its jobs, and the times and memory of their stages (--json: the instance file)."""
    from gapweave.models.instance import Instance

    loaded = Instance.load(instance)
    if as_json:
        write_json(loaded.to_document())
        return
    write_fields(_fields(loaded))
    write_table(_COLUMNS, _stage_rows(loaded), left=["job", "device"])


def _fields(instance: "Instance") -> dict[str, object]:
    fields: dict[str, object] = {
        "name": instance.name,
        "description": instance.description,
        "source": instance.source,
        "units": f"times in {instance.time_unit}, memory in {instance.memory_unit}",
        "devices": f"{len(instance.devices)}, {_capacity(instance)}",
        "tasks": f"{instance.task_count:,}",
    }
    return fields | {f"job {index}": _summary(job) for index, job in enumerate(instance.jobs)}


def _capacity(instance: "Instance") -> str:
    limits = sorted({d.memory_capacity for d in instance.devices if d.memory_capacity is not None})
    if not limits:
        return "no memory limit"
    both = limits[:1] + limits[1:][-1:]
    capacity = "memory capacity " + " to ".join(f"{limit:,}" for limit in both)
    unlimited = any(device.memory_capacity is None for device in instance.devices)
    return f"{capacity}, some unlimited" if unlimited else capacity


def _summary(job: "Job") -> str:
    parts = [
        f"{job.name}: {job.microbatch_count} microbatches on {len(job.stages)} stages",
        f"transfers {_range(job.forward_lags)} forward, {_range(job.backward_lags)} backward",
        f"release {job.release:,}" if job.release else "",
        "optimizer barrier" if job.optimizer_barrier else "",
    ]
    return "; ".join(filter(None, parts))


def _range(values: tuple[int, ...]) -> str:
    low, high = min(values, default=0), max(values, default=0)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _stage_rows(instance: "Instance") -> Iterator[list[object]]:
    for job in instance.jobs:
        for number, stage in enumerate(job.stages):
            memory = stage.memory
            times = (stage.forward, stage.backward, stage.weight, stage.optimizer or None)
            amounts = (memory.resident or None, memory.peak or None)
            numbers = [None if value is None else f"{value:,}" for value in (*times, *amounts)]
            yield [job.name, number, instance.devices[stage.device].name, *numbers]
