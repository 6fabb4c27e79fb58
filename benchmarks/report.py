"""Writes ``docs/benchmarks.md`` and its figures from the results so far: ``python benchmarks/report.py``."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report_tables as tables
from benchmarks import report_text as text
from benchmarks.bench import RUN_RESULTS, plan
from benchmarks.comparison import Comparison
from benchmarks.digests import ROOT
from benchmarks.json_lines import read_lines
from benchmarks.methods import SOLVER, methods
from benchmarks.plots import plot_all
from benchmarks.published import annealing
from benchmarks.rivalry import SLOW
from benchmarks.runs import Run, Setting, latest, pending
from benchmarks.scale import DEFAULT_TASKS, SCALE_RESULTS, latest_measures, scale_table
from benchmarks.selection import CROSS_SECTION, select
from benchmarks.target_report import target_lines
from benchmarks.targets import TARGET_RESULTS
from gapweave.instances import best_known
from gapweave.models.atomic_write import write_text

BEST_HEURISTIC = "best heuristic"
_BROKEN = ("rejected", "failed", "killed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; return the exit status."""
    options = _parser().parse_args(arguments)
    runs = latest(Run.from_document(line) for line in read_lines(options.results))
    held = latest(Run.from_document(line) for line in read_lines(options.target_results))
    measures = latest_measures(read_lines(options.scale_results), DEFAULT_TASKS)
    options.page.parent.mkdir(parents=True, exist_ok=True)
    write_text(options.page, "\n".join(page(runs, held, measures, options.page)) + "\n")
    print(f"{options.page}: {len(runs) + len(held)} runs, {len(measures)} measures of size", file=sys.stderr)
    return 0


def page(
    runs: Sequence[Run], held: Sequence[Run], measures: Sequence[dict[str, Any]], file: Path
) -> list[str]:
    """Return the lines of the page, and draw its figures into a folder beside ``file``, named like it.

    Parameters
    ----------
    runs, held
        Of methods side by side, and of the solver held to its targets.
    """
    settings = [setting for setting, _ in Counter(run.request.setting for run in runs).most_common()]
    comparisons = [Comparison(setting, runs, _known_bounds()) for setting in settings]
    lines = [text.INTRODUCTION, "", *target_lines(held), ""]
    for comparison in comparisons:
        lines += [*_section(comparison, runs, file), ""]
    if not comparisons:
        lines += [text.NO_RUNS, ""]
    lines += [*_published(settings, [*held, *runs]), "", text.SIZE.format(tasks=DEFAULT_TASKS), ""]
    return lines + (scale_table(measures) if measures else [text.NO_SIZE])


def _section(comparison: Comparison, runs: Sequence[Run], file: Path) -> list[str]:
    """Everything about one setting: overview, figures, and the instances one by one."""
    heuristics = [name for name, method in methods().items() if not method.searches]
    extended = comparison.with_best_of(heuristics, BEST_HEURISTIC)
    searching = [name for name in comparison.methods if name not in heuristics]
    side_by_side = [name for name in (*searching, BEST_HEURISTIC) if extended.runs_of(name)]
    lines = [f"## Makespans in {comparison.setting}", "", _completeness(comparison.setting, runs), ""]
    lines += tables.overview(extended, [*searching, BEST_HEURISTIC, *_run(comparison, heuristics)])
    for drawn, caption in plot_all(extended, side_by_side, file.with_suffix(""), _slug(comparison.setting)):
        lines += ["", f"![{caption}]({drawn.relative_to(file.parent).as_posix()})", "", caption]
    if comparison.runs_of(SOLVER):
        rivals = [name for name in side_by_side if name != SOLVER]
        lines += ["", "### gapweave against each", "", text.AGAINST.format(slow=SLOW), ""]
        lines += [*tables.rivalries(extended, SOLVER, rivals)]
    lines += ["", "### Makespans by instance", "", *tables.makespans(extended, side_by_side)]
    lines += ["", "### Times by instance", "", text.TIMES, "", *tables.times(extended, side_by_side)]
    return lines + _problems(comparison)


def _completeness(setting: Setting, runs: Sequence[Run]) -> str:
    """Say how much of the cross-section is missing, and how much other versions of the code have measured."""
    requests = plan(select(CROSS_SECTION), list(methods().values()), setting)
    missing = len(pending(requests, runs, any_version=True))
    outdated = len(pending(requests, runs)) - missing
    measured = f"{len(requests) - missing} of the {len(requests)} runs of the cross-section are there"
    if not outdated:
        return f"{measured}."
    return f"{measured}; {outdated} of them are from other versions of the methods than this checkout's."


def _problems(comparison: Comparison) -> list[str]:
    """List what must not happen: refused schedules, broken methods, bounds above verified schedules."""
    broken = [
        f"- {name}, {method}: {run.status}{f' ({run.reason})' if run.reason else ''}"
        for name, runs in comparison.by_instance.items()
        for method, run in runs.items()
        if run.status in _BROKEN
    ]
    broken += [
        f"- {name}: a lower bound of {comparison.lower_bounds[name]:,} exceeds a verified schedule"
        for name in comparison.contradictions
    ]
    return ["", "### Failures", "", *broken] if broken else []


def _published(settings: Sequence[Setting], runs: Sequence[Run]) -> list[str]:
    """Return the published results beside gapweave's under the setting with the most runs."""
    own = Comparison(settings[0], runs, {}).runs_of(SOLVER) if settings else {}
    results = annealing()
    if not any(result.instance in own for result in results):
        return [text.PUBLISHED, "", text.NO_PUBLISHED]
    return [text.PUBLISHED, "", f"gapweave: {settings[0]}.", "", *tables.annealing(results, own)]


def _run(comparison: Comparison, names: Sequence[str]) -> list[str]:
    return [name for name in names if comparison.runs_of(name)]


def _known_bounds() -> dict[str, int]:
    return {name: result["lower_bound"] for name, result in best_known().items() if result.get("lower_bound")}


def _slug(setting: Setting) -> str:
    return f"{setting.time_limit:g}s-{setting.workers}w-seed{setting.seed}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=RUN_RESULTS, help="written by bench.py")
    parser.add_argument("--target-results", type=Path, default=TARGET_RESULTS, help="written by targets.py")
    parser.add_argument("--scale-results", type=Path, default=SCALE_RESULTS, help="written by scale.py")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md", help="file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main())
