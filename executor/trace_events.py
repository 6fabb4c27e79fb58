"""Events of the Trace Event Format, which Perfetto (ui.perfetto.dev) opens; times in microseconds."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from gapweave.models.task import Task

#: One event of a trace.
TraceEvent: TypeAlias = dict[str, Any]


def process_names(pid: int, name: str, label: str, threads: Mapping[int, str]) -> Iterator[TraceEvent]:
    """Yield the names of a process and of its threads; processes are sorted by their number."""
    process: TraceEvent = {"ph": "M", "pid": pid}
    yield process | {"name": "process_name", "args": {"name": name}}
    yield process | {"name": "process_labels", "args": {"labels": label}}
    yield process | {"name": "process_sort_index", "args": {"sort_index": pid}}
    for thread, title in threads.items():
        yield process | {"name": "thread_name", "tid": thread, "args": {"name": title}}


def task_title(task: Task, job: str) -> str:
    """Return how a task is called: Perfetto colours by name without digits, so by job and kind."""
    return f"{task.kind}{'' if task.microbatch is None else task.microbatch} {job}"


def task_arguments(task: Task, job: str, planned_start: int | None) -> dict[str, Any]:
    """Return what a viewer tells about a task; ``planned_start`` in ticks."""
    return {
        "job": job,
        "step": task.step,
        "stage": task.stage,
        "microbatch": task.microbatch,
        "kind": task.kind,
        "planned_start": planned_start,
    }


def flow(
    number: int, name: str, begin: tuple[int, int, float], end: tuple[int, int, float]
) -> Iterator[TraceEvent]:
    """Yield an arrow between two slices, each given by a process, a thread and a time inside it.

    A flow belongs to the slice around its time; at its very start or end a viewer may take the neighbour.
    """
    shared: TraceEvent = {"name": name, "cat": "transfer", "id": number}
    yield shared | {"ph": "s"} | dict(zip(("pid", "tid", "ts"), begin, strict=True))
    yield shared | {"ph": "f", "bp": "e"} | dict(zip(("pid", "tid", "ts"), end, strict=True))


def memory_level(pid: int, unit: str, time: float, level: int) -> TraceEvent:
    """Return a process's memory from a time on."""
    return {"ph": "C", "name": f"memory ({unit})", "pid": pid, "ts": time, "args": {"level": level}}
