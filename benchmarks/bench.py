"""Measures methods on instances: ``python benchmarks/bench.py``; interrupt and start it again at will.

Each run is a process of its own. What has a result already is not run again, unless the instance, the code of
the method or its packages have changed since.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from benchmarks.digests import digest_of_problem
from benchmarks.isolated import run_isolated
from benchmarks.json_lines import RESULTS, append_line, read_lines
from benchmarks.methods import Method, methods
from benchmarks.places import load_place
from benchmarks.runs import Point, Request, Run, Setting, pending
from benchmarks.selection import CROSS_SECTION, select
from gapweave import InvalidInstance, InvalidOption

RUN_RESULTS = RESULTS / "runs.jsonl"
DEFAULT_TIME_LIMIT = 60.0
#: Seconds beside the time limit for start-up, a model that takes long to build, and the verifier.
_GRACE = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has no result yet; return the exit status."""
    options = _parser().parse_args(arguments)
    setting = Setting(options.time_limit, options.workers, options.seed)
    try:
        places, chosen = select(options.instances), _choose(options.methods)
        requests = plan(places, _installed(chosen), setting)
    except (InvalidOption, InvalidInstance) as exc:
        print(exc, file=sys.stderr)
        return 2
    done = [Run.from_document(line) for line in read_lines(options.results)]
    todo = pending(requests, done, any_version=options.any_version)
    hours = sum(methods()[request.method].searches for request in todo) * setting.time_limit / 3600
    _say(f"{len(todo)} of {len(requests)} runs to do, {setting}; at most about {hours:.1f} h")
    for number, request in enumerate([] if options.list else todo, start=1):
        run = measure(request, places[request.instance])
        append_line(options.results, run.to_document())
        _say(f"[{number}/{len(todo)}] {_summary(run)}")
    return 0


def measure(request: Request, place: str) -> Run:
    """Run one method on one instance, to be loaded from ``place``, in a process of its own."""
    arguments = {"instance": place, "method": request.method, "setting": vars(request.setting)}
    outcome = run_isolated("benchmarks.worker", arguments, request.setting.time_limit + _GRACE)
    result = next((line for line in outcome.lines if isinstance(line, dict)), None)
    if result is None:
        reason = outcome.error or f"exit status {outcome.return_code}"
        result = {"status": "killed" if outcome.timed_out else "failed", "reason": reason}
    points = tuple(Point(*line) for line in outcome.lines if isinstance(line, list))
    return Run(request, **result, trajectory=points, date=date.today().isoformat())


def plan(places: Mapping[str, str], chosen: Sequence[Method], setting: Setting) -> list[Request]:
    """Return every method on every instance, instance by instance.

    Parameters
    ----------
    places
        What to load for each instance, by its name.
    """
    versions = {method.name: method.version or "" for method in chosen}
    problems = {instance: digest_of_problem(load_place(place)) for instance, place in places.items()}
    return [
        Request(instance, problem, name, found, setting)
        for instance, problem in problems.items()
        for name, found in versions.items()
    ]


def _installed(chosen: Sequence[Method]) -> list[Method]:
    for method in chosen:
        if method.version is None:
            _say(f"{method.name}: not installed, left out; pip install 'gapweave[bench]' brings it")
    return [method for method in chosen if method.version is not None]


def _choose(patterns: str) -> list[Method]:
    known = methods()
    wanted = patterns.split(",")
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise InvalidOption(f"--methods: no method matches {pattern!r}, known are {', '.join(known)}")
    return [method for name, method in known.items() if any(fnmatchcase(name, one) for one in wanted)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=DEFAULT_TIME_LIMIT, help="seconds of each run")
    parser.add_argument(
        "--instances", nargs="+", default=CROSS_SECTION, help="patterns of shipped names, or files"
    )
    parser.add_argument("--methods", default="*", help="patterns, separated by commas")
    parser.add_argument("--workers", type=int, default=available_cores(), help="cores of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RUN_RESULTS, help="file to append to")
    parser.add_argument("--any-version", action="store_true", help="keep results of other versions")
    parser.add_argument("--list", action="store_true", help="say what there is to do, and do nothing")
    return parser


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _summary(run: Run) -> str:
    value = "" if run.makespan is None else f" {run.makespan:,}"
    bound = "" if run.lower_bound is None else f", bound {run.lower_bound:,}"
    seconds = "" if run.seconds is None else f", {run.seconds:.1f} s"
    reason = "" if run.reason is None else f": {run.reason}"
    return f"{run.request.instance} {run.request.method}: {run.status}{value}{bound}{seconds}{reason}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
