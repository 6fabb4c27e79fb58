"""The planned and the measured times of one step as a Chrome trace."""

from collections.abc import Sequence
from typing import Any

from gapweave.executor.chrome_trace import chrome_trace
from gapweave.executor.measured.recording import Event
from gapweave.models.schedule import Schedule

#: Process numbers of measured devices come after those of planned ones.
_MEASURED = 1000


def measured_trace(schedule: Schedule, events: Sequence[Event]) -> dict[str, Any]:
    """Return both as one document, from their first task on."""
    document = chrome_trace(schedule)
    origin = min(event.begin for event in events)
    for rank in sorted({event.rank for event in events}):
        process = {"ph": "M", "pid": _MEASURED + rank}
        name = f"{schedule.instance.devices[rank].name} measured"
        document["traceEvents"].append(process | {"name": "process_name", "args": {"name": name}})
        document["traceEvents"].append(
            process | {"name": "process_sort_index", "args": {"sort_index": _MEASURED + rank}}
        )
    document["traceEvents"] += [_slice(schedule, event, origin) for event in events]
    return document


def _slice(schedule: Schedule, event: Event, origin: int) -> dict[str, Any]:
    action = event.action
    job = schedule.instance.jobs[action.job].name
    is_task = action.op == "run"
    microbatch = "" if action.microbatch is None else action.microbatch
    return {
        "ph": "X",
        "name": f"{action.kind}{microbatch} {job}" if is_task else "take",
        "cat": job if is_task else "transfer",
        "pid": _MEASURED + event.rank,
        "tid": 0 if is_task else 2,
        "ts": (event.begin - origin) / 1000,
        "dur": (event.end - event.begin) / 1000,
        "args": {"job": job, "stage": action.stage, "microbatch": action.microbatch, "kind": action.kind},
    }
