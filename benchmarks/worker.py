"""One run in a process of its own: ``python -m benchmarks.worker REQUEST OUTPUT``.

Writes every improvement as a JSON line [elapsed, makespan, lower bound], then an object with the result.
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.isolated import peak_memory, use_cores
from benchmarks.methods import Schedules, fills, methods
from benchmarks.places import load_place
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Infeasible, Instance, NotApplicable, Schedule, verify


def main(request: dict[str, Any], output: Path) -> None:
    """Run a method on an instance (a name or a path), and let the verifier judge its schedule."""
    setting = Setting(**request["setting"])
    use_cores(setting.workers)
    schedules = (methods() | fills())[request["method"]].load()
    instance = load_place(request["instance"])
    with output.open("w", encoding="utf-8") as stream:
        recorder = Recorder(stream)
        result = _run(schedules, instance, setting, recorder)
        json.dump(result | {"peak_memory": peak_memory()}, stream)
        stream.write("\n")


def _run(schedules: Schedules, instance: Instance, setting: Setting, recorder: Recorder) -> dict[str, Any]:
    """Run a method against the clock; return the fields of its `Run`."""
    recorder.start()
    try:
        schedule = schedules(instance, setting, recorder)
    except NotApplicable as exc:
        return {"status": "not-applicable", "reason": str(exc)}
    except Infeasible as exc:
        return {"status": "infeasible", "reason": str(exc), "seconds": round(recorder.elapsed, 4)}
    seconds = round(recorder.elapsed, 4)
    lower_bound = recorder.points[-1].lower_bound if recorder.points else None
    return _judge(schedule, lower_bound) | {"seconds": seconds, "lower_bound": lower_bound}


def _judge(schedule: Schedule | None, lower_bound: int | None) -> dict[str, Any]:
    """Return status and makespan of what a method returned, once it has passed the verifier."""
    if schedule is None:
        return {"status": "unknown"}
    violations = verify(schedule)
    if violations:
        return {"status": "rejected", "reason": f"{len(violations)} violations, the first: {violations[0]}"}
    status = "optimal" if schedule.makespan == lower_bound else "feasible"
    return {"status": status, "makespan": schedule.makespan}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]))
