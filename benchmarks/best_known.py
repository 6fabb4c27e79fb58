"""Looks for better results of the shipped instances: ``python benchmarks/best_known.py``.

Solves each instance (mode joint) and keeps the better of old and new in ``instances/best_known.json``, after
each instance. Interrupted, it goes on where it stopped: what this version of the solver has tried under the
same setting is not tried again. ``--from-runs`` solves nothing and keeps what other benchmarks found.
"""

import argparse
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.bench import RUN_RESULTS, available_cores
from benchmarks.best_results import (
    Contradiction,
    Result,
    better_of,
    is_proven,
    read,
    summary,
    to_text,
    with_run,
)
from benchmarks.digests import digest_of_problem
from benchmarks.json_lines import RESULTS, append_line, read_lines
from benchmarks.methods import SOLVER, methods
from benchmarks.runs import Run, Setting
from benchmarks.selection import select_names
from benchmarks.targets import TARGET_RESULTS
from gapweave import GapweaveError, Instance, InvalidOption, Schedule, solve, verify
from gapweave.instances import FOLDER
from gapweave.models.atomic_write import write_text
from gapweave.models.bounds import reprove


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every instance that has not been tried; return the exit status: 1 if one of them failed."""
    options = _parser().parse_args(arguments)
    setting = Setting(options.time_limit, options.workers, options.seed)
    try:
        chosen = _attempts(select_names(options.names), setting)
    except InvalidOption as exc:
        print(exc, file=sys.stderr)
        return 2
    results = read(options.output)
    if options.from_runs:
        return _take_over(results, chosen, options.output)
    tried = [] if options.again else read_lines(options.attempts)
    todo = {
        name: attempt
        for name, attempt in chosen.items()
        if attempt not in tried and not (options.only_open and is_proven(results.get(name)))
    }
    minutes = len(todo) * setting.time_limit / 60
    _say(f"{len(todo)} of {len(chosen)} instances to try, at most {minutes:.0f} min")

    def keep(name: str) -> None:
        write_text(options.output, to_text(results))
        append_line(options.attempts, todo[name])

    failed = _improve(results, list(todo), setting, keep)
    return 1 if failed else 0


def _improve(
    results: dict[str, Result], instances: Sequence[str], setting: Setting, keep: Callable[[str], None]
) -> list[str]:
    """Solve each instance, update ``results`` and keep them; returns the names of those that failed."""
    failed = []
    for number, name in enumerate(instances, start=1):
        try:
            results[name] = better_of(results.get(name), _solved(name, setting))
        except (GapweaveError, Contradiction) as exc:
            failed.append(name)
            outcome = str(exc)
        else:
            keep(name)
            outcome = summary(results[name])
        _say(f"[{number}/{len(instances)}] {name}: {outcome}")
    return failed


def _take_over(results: dict[str, Result], instances: Collection[str], output: Path) -> int:
    """Keep the shorter schedules among the results of other benchmarks; returns the exit status."""
    digests = {name: digest_of_problem(Instance.load(name)) for name in instances if name in results}
    expected, failed = methods(), False
    for line in [*read_lines(RUN_RESULTS), *read_lines(TARGET_RESULTS)]:
        run = Run.from_document(line)
        name = run.request.instance
        if run.request.method not in expected or digests.get(name) != run.request.problem:
            continue
        try:
            better = with_run(results[name], run)
        except Contradiction as exc:
            failed = True
            _say(f"{name}: {exc}")
            continue
        if better is not results[name]:
            results[name] = better
            _say(f"{name}: {summary(better)}")
    write_text(output, to_text(results))
    return 1 if failed else 0


def _solved(name: str, setting: Setting) -> Result:
    """Return the solver's result on an instance, checked once more."""
    schedule = solve(
        Instance.load(name), time_limit=setting.time_limit, workers=setting.workers, seed=setting.seed
    )
    return {
        "lower_bound": schedule.lower_bound,
        "makespan": schedule.makespan,
        "bound": _proven_argument(schedule),
        "method": schedule.solver.notes.get("found_by", SOLVER),
        "seconds": round(schedule.solver.wall_time, 1),
        "date": date.today().isoformat(),
        "version": schedule.solver.version,
    }


def _proven_argument(schedule: Schedule) -> str:
    """Return the argument of the bound; raises Contradiction if schedule or bound do not hold."""
    violations = verify(schedule)
    if violations:
        raise Contradiction(f"the schedule breaks a rule: {violations[0]}")
    verdict = reprove(schedule)
    if schedule.bound is None or verdict.proven is False:
        raise Contradiction(f"the bound does not hold: {verdict.message}")
    return schedule.bound.argument


def _attempts(instances: Sequence[str], setting: Setting) -> Mapping[str, list[Any]]:
    """Return for each instance what makes a further attempt pointless, as JSON values."""
    version = methods()[SOLVER].version
    return {
        name: [name, digest_of_problem(Instance.load(name)), version, *astuple(setting)] for name in instances
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time-limit", type=float, default=20.0, help="seconds for each instance")
    parser.add_argument("--names", nargs="+", default=["*"], metavar="GLOB", help="patterns of shipped names")
    parser.add_argument("--only-open", action="store_true", help="skip what is proven optimal already")
    parser.add_argument("--again", action="store_true", help="try again what was tried before")
    parser.add_argument("--from-runs", action="store_true", help="keep what bench.py and targets.py found")
    parser.add_argument("--workers", type=int, default=available_cores(), help="cores")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=FOLDER / "best_known.json", help="file to improve")
    attempts = RESULTS / "best_known.jsonl"
    parser.add_argument("--attempts", type=Path, default=attempts, help="file of what was tried")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
