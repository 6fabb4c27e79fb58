"""gapweave's solver and its heuristics as methods."""

from functools import partial
from importlib.metadata import entry_points
from typing import Any

from benchmarks.methods import FILL_1F1B, FILL_SOLVER, HEURISTICS, SOLVER, Schedules
from benchmarks.peer_schedule import peer_schedule
from benchmarks.recorder import Recorder
from benchmarks.runs import Setting
from gapweave import Instance, NothingFound, Progress, Schedule, solve
from gapweave.models.task_arrays import TaskArrays

#: What the solver is asked under each name.
_QUESTIONS: dict[str, dict[str, Any]] = {
    SOLVER: {},
    FILL_1F1B: {"mode": "fill", "primary": "1f1b"},
    FILL_SOLVER: {"mode": "fill", "primary": "solver"},
}


def load(name: str) -> Schedules:
    """Return the solver, or the heuristic of this name."""
    if name in _QUESTIONS:
        return partial(_solve, _QUESTIONS[name])
    (entry,) = entry_points(group=HEURISTICS, name=name)
    return partial(_plan, entry.load()())


def _solve(
    question: dict[str, Any], instance: Instance, setting: Setting, recorder: Recorder
) -> Schedule | None:
    def on_progress(progress: Progress) -> None:
        recorder.report(progress.makespan, progress.lower_bound)

    try:
        schedule = solve(
            instance,
            **question,
            time_limit=setting.time_limit,
            workers=setting.workers,
            seed=setting.seed,
            on_progress=on_progress,
        )
    except NothingFound:
        return None
    recorder.report(schedule.makespan, schedule.lower_bound)
    return schedule


def _plan(heuristic: Any, instance: Instance, setting: Setting, recorder: Recorder) -> Schedule:
    arrays = TaskArrays.build(instance)
    return peer_schedule(arrays, heuristic.plan(arrays).starts.tolist(), heuristic.name, recorder)
