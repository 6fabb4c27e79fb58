"""What is measured at size: ``python -m benchmarks.scale_measures ARGUMENTS OUTPUT`` takes one measure.

It loads what it needs from the files that `prepare` wrote, and returns the seconds of its subject alone.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from benchmarks.isolated import peak_memory
from benchmarks.methods import HEURISTICS
from benchmarks.peer_schedule import peer_schedule
from benchmarks.recorder import Recorder
from gapweave import Instance, Schedule, task_graph, verify
from gapweave.instances.generator import make_instance
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem

_DEVICES, _KINDS, _JOBS = 64, 3, 2
_LIST_SCHEDULER = "priority-list"
_INSTANCE, _SCHEDULE, _COPY = "instance.json", "schedule.json", "copy.json"


def prepare(folder: Path, tasks: int) -> None:
    """Write an instance with at least so many tasks, and one schedule of it: two jobs, 64 devices, split."""
    microbatches = -(-tasks // (_DEVICES * _KINDS * _JOBS))
    instance = make_instance(
        devices=_DEVICES,
        microbatches=(microbatches,) * _JOBS,
        reversed_order=True,
        split=True,
        transfer=100,
        memory_microbatches=_DEVICES + 16,
        seed=0,
    )
    instance.save(folder / _INSTANCE)
    arrays = TaskArrays.build(instance)
    starts = _list_scheduler().plan(arrays).starts.tolist()
    peer_schedule(arrays, starts, _LIST_SCHEDULER, Recorder()).save(folder / _SCHEDULE)


def build_graph(folder: Path) -> float:
    """Build the task graph in networkx."""
    instance = _instance(folder)
    return _seconds(lambda: task_graph(instance))


def build_arrays(folder: Path) -> float:
    """Build the task arrays."""
    instance = _instance(folder)
    return _seconds(lambda: TaskArrays.build(instance))


def verify_schedule(folder: Path) -> float:
    """Verify every rule of a schedule; it must hold them all."""
    schedule = Schedule.load(folder / _SCHEDULE)
    begin = time.perf_counter()
    violations = verify(schedule)
    seconds = time.perf_counter() - begin
    if violations:
        raise ValueError(f"the schedule breaks a rule: {violations[0]}")
    return seconds


def load_schedule(folder: Path) -> float:
    """Load the schedule file."""
    return _seconds(lambda: Schedule.load(folder / _SCHEDULE))


def save_schedule(folder: Path) -> float:
    """Save the schedule file."""
    schedule = Schedule.load(folder / _SCHEDULE)
    return _seconds(lambda: schedule.save(folder / _COPY))


def schedule_by_list(folder: Path) -> float:
    """Run the heuristic priority-list, heads and keys included, after one to warm up."""
    arrays, scheduler = TaskArrays.build(_instance(folder)), _list_scheduler()
    scheduler.plan(arrays)
    return _seconds(lambda: scheduler.plan(arrays))


def schedule_by_compiled_rule(folder: Path) -> float:
    """Run the compiled list scheduler under the default dispatch rule, keys included, once warm."""
    problem = Problem(_instance(folder))
    scheduler, rule = ListScheduler(problem.arrays), DispatchRule.default(_JOBS)
    if rule.run(scheduler, problem.paths) is None:
        raise ValueError("the default rule found no room in memory")
    return _seconds(lambda: rule.run(scheduler, problem.paths))


def prove_bound(folder: Path) -> float:
    """Compute heads and tails, and the best lower bound that needs no search."""
    problem = Problem(_instance(folder))
    return _seconds(lambda: problem.bound)


MEASURES: dict[str, Callable[[Path], float]] = {
    "task graph in networkx": build_graph,
    "task arrays": build_arrays,
    "verify a schedule": verify_schedule,
    "load a schedule file": load_schedule,
    "save a schedule file": save_schedule,
    "priority list, with heads": schedule_by_list,
    "compiled list schedule, heads known": schedule_by_compiled_rule,
    "heads, tails and lower bound": prove_bound,
}


def run(arguments: dict[str, Any]) -> dict[str, Any]:
    """Prepare the files, or take one measure; ``arguments`` come from `benchmarks.scale`."""
    folder = Path(arguments["folder"])
    if "measure" not in arguments:
        prepare(folder, arguments["tasks"])
        return {"tasks": _instance(folder).task_count}
    seconds = MEASURES[arguments["measure"]](folder)
    return {"seconds": round(seconds, 4), "peak_memory": peak_memory()}


def _instance(folder: Path) -> Instance:
    return Instance.load(folder / _INSTANCE)


def _list_scheduler() -> Any:
    (entry,) = entry_points(group=HEURISTICS, name=_LIST_SCHEDULER)
    return entry.load()()


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    result = json.dumps(run(json.loads(sys.argv[1])))
    Path(sys.argv[2]).write_text(result + "\n", encoding="utf-8")
