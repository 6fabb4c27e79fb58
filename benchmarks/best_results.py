"""What ``instances/best_known.json`` holds: the best result known of each shipped instance."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.runs import Run
from gapweave.instances import compact_json, names

Result = dict[str, Any]


class Contradiction(Exception):
    """A lower bound exceeds a verified schedule, or a result does not hold."""


def better_of(old: Result | None, new: Result) -> Result:
    """Return the shorter makespan and the higher bound of two results, each with what belongs to it.

    Nothing changes unless something is better. ``seconds``, ``date`` and ``version`` are those of the run
    that made the last improvement.

    Raises
    ------
    Contradiction
        One's lower bound exceeds the other's makespan.
    """
    if old is None:
        return new
    if new["lower_bound"] > old["makespan"] or old["lower_bound"] > new["makespan"]:
        raise Contradiction(f"contradiction: {summary(old)} was known, now {summary(new)}")
    is_shorter, is_higher = new["makespan"] < old["makespan"], new["lower_bound"] > old["lower_bound"]
    if not (is_shorter or is_higher):
        return old
    makespan, bound = new if is_shorter else old, new if is_higher else old
    return {
        "lower_bound": bound["lower_bound"],
        "makespan": makespan["makespan"],
        "bound": bound["bound"],
        "method": makespan["method"],
        "seconds": new["seconds"],
        "date": new["date"],
        "version": new["version"],
    }


def with_run(known: Result, run: Run) -> Result:
    """Return what is known with the schedule of a run, if that is shorter.

    The bound stays: a run says what it has proven, but not how.

    Raises
    ------
    Contradiction
        The run's schedule is shorter than the known bound.
    """
    if run.makespan is None or run.seconds is None or run.makespan >= known["makespan"]:
        return known
    seconds = round(run.seconds, 1)
    own = {"makespan": run.makespan, "method": run.request.method, "seconds": seconds, "date": run.date}
    return better_of(known, known | own)


def is_proven(result: Result | None) -> bool:
    """Whether the makespan meets the bound."""
    return result is not None and result["makespan"] == result["lower_bound"]


def read(file: Path) -> dict[str, Result]:
    """Return the results in a file, by instance; none if there is no file."""
    results: dict[str, Result] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return results


def to_text(results: Mapping[str, Result]) -> str:
    """Return the file's text: shipped instances only, in natural order."""
    return compact_json.dumps({name: results[name] for name in names() if name in results}) + "\n"


def summary(result: Result) -> str:
    """Return a result in one line."""
    proof = "proven" if is_proven(result) else f"bound {result['lower_bound']:,}"
    return f"{result['makespan']:,}, {proof} ({result['method']}, {result['bound']}, {result['seconds']} s)"
