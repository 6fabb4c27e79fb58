"""Holds the solver to its targets: ``python benchmarks/targets.py``; interrupt and start it again at will.

Every run is measured as in `benchmarks.bench`. A group's line is printed once all its runs are there; the
exit status is 1 if a target is missed.
"""

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.bench import DEFAULT_TIME_LIMIT, available_cores, measure, plan
from benchmarks.json_lines import RESULTS, append_line, read_lines
from benchmarks.markdown import percent
from benchmarks.methods import fills, methods
from benchmarks.runs import Request, Run, Setting, latest, pending
from benchmarks.target_groups import Group, gap, geometric_mean, groups

TARGET_RESULTS = RESULTS / "targets.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has no result yet; return the exit status."""
    options = _parser().parse_args(arguments)
    setting = Setting(options.time_limit, options.workers, options.seed)
    known = groups(options.draw)
    chosen = [group for group in known if any(fnmatchcase(group.name, own) for own in options.groups)]
    if not chosen:
        print(
            f"--groups: none matches, known are {'; '.join(group.name for group in known)}", file=sys.stderr
        )
        return 2
    missed = False
    for group in chosen:
        runs = run_group(group, setting, options.results, any_version=options.any_version)
        print(" | ".join(summary(group, runs)), flush=True)
        missed |= not group.is_met(runs)
    return int(missed)


def run_group(group: Group, setting: Setting, results: Path, *, any_version: bool = False) -> list[Run]:
    """Run all places of a group that have no result yet; returns the runs of all, in order."""
    requests = requests_of(group, setting)
    done = [Run.from_document(line) for line in read_lines(results)]
    todo = pending(requests, done, any_version=any_version)
    for number, request in enumerate(todo, start=1):
        run = measure(request, request.instance)
        append_line(results, run.to_document())
        done.append(run)
        text = f"{request.instance}: {run.status} {run.makespan}, bound {run.lower_bound}"
        print(f"[{number}/{len(todo)}] {text}, gap {percent(gap(run))}, {run.seconds} s", file=sys.stderr)
    return runs_of(group, setting, done)


def requests_of(group: Group, setting: Setting) -> list[Request]:
    """Return the measurement of each place."""
    method = (methods() | fills())[group.method]
    return plan({place: place for place in group.places}, [method], setting)


def runs_of(group: Group, setting: Setting, done: Sequence[Run]) -> list[Run]:
    """Return the last run of each place that has one, in order."""
    last = {
        run.request.instance: run
        for run in latest(done)
        if run.request.method == group.method and run.request.setting == setting
    }
    return [last[place] for place in group.places if place in last]


def summary(group: Group, runs: Sequence[Run]) -> list[str]:
    """Return the cells of a group's line: name, runs, proven, mean and worst gap, the worst, target, met."""
    if not runs:
        return [group.name, "not run", "", "", "", group.target, ""]
    worst = max(runs, key=gap)
    complete = len(runs) == len(group.places)
    return [
        group.name,
        str(len(runs)) if complete else f"{len(runs)} of {len(group.places)}",
        str(sum(run.status == "optimal" for run in runs)),
        percent(geometric_mean([gap(run) for run in runs])),
        percent(gap(worst)) + (f" (`{worst.request.instance}`)" if gap(worst) > 0 else ""),
        group.target,
        ("yes" if group.is_met(runs) else "no") if complete else "",
    ]


def _draw(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected an integer from 0 on, got {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", nargs="+", default=["*"], help="patterns of groups' names")
    parser.add_argument("--draw", type=_draw, default=0, help="other made instances than those of the report")
    parser.add_argument("--time-limit", type=float, default=DEFAULT_TIME_LIMIT, help="seconds of each run")
    parser.add_argument("--workers", type=int, default=available_cores(), help="cores of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=TARGET_RESULTS, help="file to append to")
    parser.add_argument("--any-version", action="store_true", help="keep results of other versions")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
