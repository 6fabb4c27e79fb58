"""Measures how gapweave does at size: ``python benchmarks/scale.py``.

Each measure is a process of its own; the last result of each stands in the report.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.isolated import run_isolated
from benchmarks.json_lines import RESULTS, append_line, read_lines
from benchmarks.markdown import table
from benchmarks.scale_measures import MEASURES

SCALE_RESULTS = RESULTS / "scale.jsonl"
DEFAULT_TASKS = 200_000
_HARD_LIMIT = 600.0


@dataclass(frozen=True)
class Target:
    """The most that a measure of `DEFAULT_TASKS` tasks may take: seconds, and MiB of its process."""

    seconds: float
    memory: float | None = None


TARGETS = {
    "task graph in networkx": Target(5.0, 1.5e9 / 2**20),
    "task arrays": Target(1.0),
    "verify a schedule": Target(5.0),
    "compiled list schedule, heads known": Target(0.2),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the measures and print them; return the exit status: 1 if one failed or missed its target."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="gapweave-scale-") as folder:
        prepared = _run({"folder": folder, "tasks": options.tasks})
        for measure in options.measures:
            result = prepared | _run({"folder": folder, "measure": measure})
            append_line(options.results, {"measure": measure, "date": date.today().isoformat()} | result)
    rows = latest_measures(read_lines(options.results), prepared["tasks"])
    print("\n".join(scale_table(rows)))
    return 0 if all(meets_target(row) is not False for row in rows) else 1


def latest_measures(lines: Sequence[dict[str, Any]], tasks: int) -> list[dict[str, Any]]:
    """Return the last result of each measure, at the least size of at least that many tasks."""
    size = min((line["tasks"] for line in lines if line["tasks"] >= tasks), default=tasks)
    newest = {line["measure"]: line for line in lines if line["tasks"] == size}
    return [newest[measure] for measure in MEASURES if measure in newest]


def meets_target(row: dict[str, Any]) -> bool | None:
    """Return whether a result meets its target; None if there is none for it at its size."""
    target = TARGETS.get(row["measure"])
    if target is None or row["tasks"] < DEFAULT_TASKS:
        return None
    memory_fits = target.memory is None or row["peak_memory"] is None or row["peak_memory"] <= target.memory
    return row["seconds"] <= target.seconds and memory_fits


def scale_table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the results as a table with their targets."""
    columns = ["measure", "seconds", "tasks per second", "peak memory", "target", "met"]
    return table(columns, [_cells(row) for row in rows])


def _cells(row: dict[str, Any]) -> list[str]:
    target, met = TARGETS.get(row["measure"]), meets_target(row)
    memory = "" if row["peak_memory"] is None else f"{row['peak_memory']:,} MiB"
    wanted = "" if target is None else f"< {target.seconds:g} s"
    if target is not None and target.memory is not None:
        wanted += f", < {target.memory:,.0f} MiB"
    verdict = {None: "", True: "yes", False: "**no**"}[met]
    rate = f"{row['tasks'] / row['seconds']:,.0f}" if row["seconds"] else ""
    return [row["measure"], f"{row['seconds']:.3f}", rate, memory, wanted, verdict]


def _run(arguments: dict[str, Any]) -> dict[str, Any]:
    outcome = run_isolated("benchmarks.scale_measures", arguments, _HARD_LIMIT)
    if not outcome.lines:
        raise SystemExit(f"{arguments.get('measure', 'preparing')} failed: {outcome.error or 'out of time'}")
    result: dict[str, Any] = outcome.lines[0]
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=DEFAULT_TASKS, help="least number of tasks")
    parser.add_argument("--measures", nargs="+", choices=MEASURES, default=list(MEASURES), metavar="MEASURE")
    parser.add_argument("--results", type=Path, default=SCALE_RESULTS, help="file to append to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
