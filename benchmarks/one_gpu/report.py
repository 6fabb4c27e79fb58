"""The table of all findings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.one_gpu.costs import Costs
from benchmarks.one_gpu.execution import Execution
from benchmarks.one_gpu.jobs import Size
from gapweave.models.schedule import Schedule

_KINDS = {"F": "forward", "B": "backward", "O": "optimizer"}


def cost_lines(size: Size, costs: Costs) -> list[str]:
    """Return the table of durations in ms: alone, under load, their ratio, and the spread."""
    rows = [
        [size.jobs[job].name, _KINDS[kind], *rest]  # type: ignore[index]
        for job, kind, *rest in costs.rows()
    ]
    header = ["job", "task", "alone ms", "loaded ms", "interference", "p90/median"]
    messages = ", ".join(f"{one / 1e3:.1f}" for one in costs.messages)
    kept = max(memory.forward for memory in costs.memory.values())
    limit = "no limit" if costs.capacity is None else f"{costs.capacity} MiB a device"
    return [
        *table(header, rows),
        f"message to another device, us: {messages}; a microbatch keeps up to {kept} MiB of {limit}",
    ]


def execution_lines(schedules: Mapping[str, Schedule], runs: Mapping[str, Execution]) -> list[str]:
    """Return the table of predicted and measured makespans, in ms."""
    rows = [
        [
            name,
            f"{run.predicted / 1e6:.3f}",
            f"{run.makespan / 1e6:.3f}",
            f"{run.ratio:.4f}",
            f"{min(run.makespans) / 1e6:.3f}-{max(run.makespans) / 1e6:.3f}",
            f"{1 / run.seconds_per_step:.2f}",
            f"{_bound(schedules[name])}",
        ]
        for name, run in runs.items()
    ]
    header = ["schedule", "predicted", "measured", "ratio", "range", "steps/s", "lower bound"]
    return table(header, rows)


def _bound(schedule: Schedule) -> str:
    if schedule.lower_bound is None:
        return "none"
    return f"{100 * (schedule.makespan / schedule.lower_bound - 1):.2f} % above"


def gain(runs: Mapping[str, Execution], joint: str, alone: Iterable[str]) -> dict[str, float]:
    """Return how many times faster the joint schedule is than the jobs one after the other."""
    predicted = sum(runs[name].predicted for name in alone) / runs[joint].predicted
    measured = sum(runs[name].makespan for name in alone) / runs[joint].makespan
    return {"predicted": predicted, "measured": measured, "points": 100 * (measured - predicted)}


def host_lines(run: Execution) -> list[str]:
    """Return what the host spent, and how far it was ahead."""
    each = ", ".join(f"{name} {time / 1e3:.1f}" for name, time in run.host_time.items())
    return [
        f"host: {run.issue_time / 1e6:.2f} ms to issue a step of {run.actions} actions; us each: {each}",
        f"host lead: median {run.lead / 1e6:.3f} ms; {100 * run.host_bound:.1f} % of tasks began within"
        " 50 us of being issued",
    ]


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return aligned lines."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
