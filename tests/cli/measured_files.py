"""A schedule with the trace of a run, as files."""

import json
from pathlib import Path
from typing import NamedTuple

from schedule_factory import build_schedule, make_instance, uniform_job
from simulated_run import SimulatedRun

from gapweave.executor.measured.trace import measured_trace
from gapweave.models.schedule import Schedule


class MeasuredFiles(NamedTuple):
    schedule: Path
    trace: Path
    run: SimulatedRun


def measured_files(folder: Path, *, unit: str = "us", repetitions: int = 4) -> MeasuredFiles:
    """Write both; stage 1 pauses before every backward pass, and messages of job 1 are late."""
    job = uniform_job(3, 4, forward=30, backward=60, forward_transfer=2, backward_transfer=2)
    instance = make_instance(job, job, devices=3).model_copy(update={"time_unit": unit})
    schedule: Schedule = build_schedule(instance, offsets=(0, 3))
    run = SimulatedRun(
        schedule,
        repetitions=repetitions,
        slower_messages=lambda task: 700 * task.job,
        pauses=lambda task: 900 * (task.stage == 1 and task.kind == "B"),
    )
    files = MeasuredFiles(folder / "made.schedule.json", folder / "made.trace.json", run)
    schedule.save(files.schedule)
    files.trace.write_text(json.dumps(measured_trace(schedule, run.events())))
    return files
