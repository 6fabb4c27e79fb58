"""Least periods: what the solver reaches in steady state, group by group, beside the bounds.

Run as ``python -m benchmarks.steady [--time-limit 60] [--workers 2] [--only PART OF A GROUP'S NAME]``;
resumable. Results go to ``benchmarks/results/steady.jsonl``, a table to standard output.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.json_lines import append_line, read_lines
from gapweave import Instance, solve
from gapweave.instances import names
from gapweave.instances.generator import make_instance
from gapweave.models.instance import Device, Job, Stage
from gapweave.models.metrics import measure

RESULTS = Path(__file__).parent / "results" / "steady.jsonl"


def uniform(stages: int, microbatches: int, *, opposed: bool) -> Instance:
    """Two jobs of F 1 and B 2 on every stage."""
    paths = [range(stages), range(stages)[:: -1 if opposed else 1]]
    jobs = tuple(
        Job(
            name=name,
            microbatches=microbatches,
            stages=tuple(Stage(device=device, forward=1, backward=2) for device in path),
        )
        for name, path in zip(("primary", "secondary"), paths, strict=True)
    )
    order = "opposed" if opposed else "same"
    devices = tuple(Device(name=f"gpu{device}") for device in range(stages))
    return Instance(name=f"uniform-{order}-p{stages}-m{microbatches}", devices=devices, jobs=jobs)


def runs() -> Iterator[tuple[str, Instance, tuple[int, ...]]]:
    """Yield (group, instance, steps of each job per period)."""
    for stages in (4, 8, 16, 32, 64):
        for microbatches in (stages - 1, stages, 2 * stages):
            yield "uniform, same order", uniform(stages, microbatches, opposed=False), (1, 1)
    for microbatches in (4, 6, 8, 12):
        yield "uniform, opposed, 4 devices", uniform(4, microbatches, opposed=True), (1, 1)
    for name in names():
        if name.startswith("zb-"):
            group = f"zb {'pairs' if '+' in name else 'singles'}, {name.rpartition('-')[2]} memory"
            instance = Instance.load(name)
            yield group, instance, (1,) * len(instance.jobs)
            if "+" in name and name.endswith("-2x"):
                free = tuple(Device(name=device.name) for device in instance.devices)
                unlimited = instance.model_copy(update={"devices": free, "name": f"{name[:-3]}-unlimited"})
                yield "zb pairs, no limit", unlimited, (1, 1)
    yield "uneven-p8-m32", Instance.load("uneven-p8-m32"), (1,)
    for devices, seed in ((8, 1), (8, 2), (8, 3), (16, 4), (16, 5)):
        for counts in ((devices, devices), (devices + 4, devices + 4), (devices + 4, devices + 2)):
            made = make_instance(devices=devices, microbatches=counts, transfer=150, seed=100 + seed)
            yield f"made, {devices} devices, few microbatches", made, (1, 1)
    for seed in (1, 2):
        for counts in ((8, 8), (12, 10), (16, 16)):
            made = make_instance(
                devices=8, microbatches=counts, reversed_order=True, transfer=150, seed=200 + seed
            )
            yield "made, 8 devices, opposed", made, (1, 1)
    for steps in ((1, 1), (1, 2), (2, 3)):
        instance = Instance.load("zb-6.2b+1.5b-p8-m24-2x")
        yield "unequal, several steps", instance, steps
    for split in (False, True):
        for memory in (None, 80):
            made = make_instance(
                devices=64, microbatches=(128, 128), split=split, memory_microbatches=memory, seed=7
            )
            yield f"made, 64 x 128 x 2, {'memory 80' if memory else 'no limit'}", made, (1, 1)


def measured(
    group: str, instance: Instance, steps: tuple[int, ...], options: argparse.Namespace
) -> dict[str, Any]:
    """Solve one instance, and return the row of the results."""
    schedule = solve(
        instance, objective="period", steps=steps, time_limit=options.time_limit, workers=options.workers
    )
    assert schedule.bound is not None
    metrics = measure(schedule)
    return {
        "group": group,
        "instance": instance.name,
        "steps": list(steps),
        "workers": options.workers,
        "time_limit": options.time_limit,
        "period": schedule.period,
        "lower_bound": schedule.lower_bound,
        "bound": schedule.bound.argument,
        "status": schedule.status,
        "bubble_rate": round(metrics.bubble_rate, 6),
        "seconds": schedule.solver.wall_time,
        "found_by": schedule.solver.notes["found_by"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table, one line per group."""
    lines = ["| group | proven | mean gap | worst gap | slowest proof |", "|---|---|---|---|---|"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    for group, own in groups.items():
        gaps = [row["period"] / row["lower_bound"] - 1 for row in own]
        proven = [row["seconds"] for row in own if row["status"] == "optimal"]
        slowest = f"{max(proven):.1f} s" if proven else ""
        lines.append(
            f"| {group} | {len(proven)} of {len(own)} | {fmean(gaps):.2%} | {max(gaps):.2%} | {slowest} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Solve what is not solved yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="only groups whose name contains this")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    rows = read_lines(options.results)
    done = {(row["group"], row["instance"], tuple(row["steps"])) for row in rows}
    for group, instance, steps in runs():
        if options.only in group and (group, instance.name, steps) not in done:
            row = measured(group, instance, steps, options)
            append_line(options.results, row)
            rows.append(row)
    print(table(rows))


if __name__ == "__main__":
    main()
