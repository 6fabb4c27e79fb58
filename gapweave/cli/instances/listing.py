"""``gapweave instances list``."""

from typing import TYPE_CHECKING, Any

from gapweave.cli.arguments import JsonOption
from gapweave.cli.output import write_json, write_table

if TYPE_CHECKING:
    from gapweave.models.instance import Instance

_COLUMNS = ("name", "devices", "jobs", "microbatches", "tasks", "lower bound", "best known")


def list_instances(as_json: JsonOption = False) -> None:
    """List the shipped instances with the best results known."""
    from gapweave.instances import best_known, names
    from gapweave.models.instance import Instance

    results = best_known()
    rows = [_row(Instance.load(name), results.get(name, {})) for name in names()]
    if as_json:
        write_json({"instances": rows})
    else:
        write_table(_COLUMNS, [_cells(row) for row in rows], left=["name"])


def _row(instance: "Instance", result: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": instance.name,
        "devices": len(instance.devices),
        "jobs": len(instance.jobs),
        "microbatches": [job.microbatch_count for job in instance.jobs],
        "tasks": instance.task_count,
        "time_unit": instance.time_unit,
        "lower_bound": result.get("lower_bound"),
        "makespan": result.get("makespan"),
    }


def _cells(row: dict[str, Any]) -> list[object]:
    counts = "+".join(map(str, row["microbatches"]))
    bound, best = (None if row[key] is None else f"{row[key]:,}" for key in ("lower_bound", "makespan"))
    return [row["name"], row["devices"], row["jobs"], counts, f"{row['tasks']:,}", bound, best]
