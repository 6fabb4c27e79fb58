"""``gapweave run``: train the jobs of a schedule, each device carrying out its tasks in the planned order."""

import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gapweave.cli.arguments import JsonOption, ScheduleArgument
from gapweave.cli.choices import OnFailure, RunBackend
from gapweave.cli.output import counted, write, write_fields, write_json, write_table
from gapweave.models.errors import InvalidOption

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeAlias

    from gapweave.executor.checkpoint.folder import Header
    from gapweave.executor.run_result import JobParity, RunResult
    from gapweave.models.schedule import Schedule

    Saved: TypeAlias = tuple[Path, Header]


def run(
    schedule: ScheduleArgument,
    steps: Annotated[int, typer.Option(min=1, help="How often the whole schedule is carried out.")] = 1,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Train each job alone as well; every parameter must be bitwise equal (else exit 7).",
        ),
    ] = False,
    jobs: Annotated[
        str | None,
        typer.Option(
            metavar="FUNCTION",
            help="module:function or file.py:function that returns the TrainingJobs for a schedule "
            "(default: a small transformer for each job).",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="Ready-made model of a job; once for all jobs, or once for each.", metavar="SPEC"),
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(metavar="FILE", help="Text that the ready-made models learn, byte by byte.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the ready-made jobs.")] = 0,
    backend: Annotated[
        RunBackend,
        typer.Option(
            help="gloo: processes on CPU; nccl: a GPU for each device; one-gpu: shares of one GPU; "
            "in-process: one process."
        ),
    ] = RunBackend.auto,
    deadline: Annotated[
        float,
        typer.Option(
            min=0.1, metavar="SECONDS", help="Longest wait for a message, on top of planned idle time."
        ),
    ] = 30.0,
    checkpoint: Annotated[
        str | None, typer.Option(metavar="DIR", help="Save all jobs here after each step.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest checkpoint in --checkpoint.")
    ] = False,
    on_failure: Annotated[
        OnFailure,
        typer.Option(
            help="When a secondary job fails in its own stages: stop the run, or continue without that job "
            "from the last checkpoint."
        ),
    ] = OnFailure.stop,
    trace: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write what was measured as a Chrome trace (ui.perfetto.dev)."),
    ] = None,
    losses: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write the losses of all jobs: .csv, or their curves: .html, .svg, .png, .pdf.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only check the programs and play them by a simulated clock."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train the jobs of a schedule: every device carries out its tasks in the planned order.

    On one machine it starts a process for each device; under torchrun each process is one device.
    """
    from gapweave.models.schedule import Schedule

    loaded = Schedule.load(schedule)
    if dry_run:
        _play(loaded, as_json)
        return
    from gapweave.cli.run_outputs import newest_checkpoint, require_files, write_files
    from gapweave.cli.run_progress import keep_writing, require_parity, require_saved, run_watched
    from gapweave.executor.ready_made.source import function_from_source
    from gapweave.executor.runtime.fault import RecordedFailure
    from gapweave.executor.runtime.options import RunOptions
    from gapweave.executor.static_check import UnsafePrograms

    if resume and checkpoint is None:
        raise InvalidOption("--resume needs --checkpoint: the folder to go on from")
    require_files(trace, losses)

    options = RunOptions(
        steps=steps,
        backend=backend.value,
        jobs=jobs,
        models=tuple(model or ()),
        corpus=corpus,
        seed=seed,
        deadline=deadline,
        checkpoint=checkpoint,
        resume=resume,
        on_failure=on_failure.value,
        record_all=trace is not None,
    )
    earlier = newest_checkpoint(options) if resume else None
    try:
        result = run_watched(loaded, options, check=check)
    except UnsafePrograms as unsafe:
        print(unsafe.grid, file=sys.stderr)
        raise
    except RecordedFailure as failed:
        if failed.result is not None and _speaks_for_all():
            keep_writing()
            write_files(failed.result, trace, losses)
        raise
    if not _speaks_for_all():
        return
    write_files(result, trace, losses)
    require_saved(result, options)
    saved = newest_checkpoint(options)
    if as_json:
        write_json(_report(schedule, result) | {"checkpoint": None if saved is None else str(saved[0])})
    else:
        _describe(schedule, result, earlier, saved, steps if loaded.period is not None else None)
        if (measured := function_from_source(loaded.instance)) and not (jobs or model):
            write(f"trained small transformers; the times are of others: --jobs {measured} trains those")
    require_parity(result)


def _speaks_for_all() -> bool:
    """Whether this process prints and writes: under torchrun one rank does."""
    return os.environ.get("RANK", "0") == "0"


def _play(schedule: "Schedule", as_json: bool) -> None:
    """Check the programs and play them by a simulated clock."""
    from gapweave.executor.dry_run import dry_run
    from gapweave.executor.runtime.plan import Plan

    plan = Plan.of(schedule)
    played = dry_run(schedule, plan.programs)
    actions = sum(len(program.actions) for program in plan.programs)
    if as_json:
        write_json({"ranks": plan.ranks, "actions": actions, "makespan": played.makespan})
        return
    unit = schedule.instance.time_unit
    write_fields(
        {
            "programs": f"{counted(plan.ranks, 'rank')}, {counted(actions, 'action')}: OK",
            "planned": f"{schedule.makespan:,} {unit}",
            "dry run": f"{played.makespan:,} {unit}",
        }
    )


def _describe(
    path: str, result: "RunResult", earlier: "Saved | None", saved: "Saved | None", periods: int | None
) -> None:
    fastest = _fastest(result, "step" if periods is None else "piece")
    write_fields(
        {
            "schedule": path,
            "backend": f"{result.backend}, {counted(len(result.programs), 'rank')}",
            "steps": _steps(result, earlier) if periods is None else None,
            "periods": None if periods is None else _periods(periods, result),
            "checkpoint": None if saved is None else f"{saved[0]} (step {saved[1].step})",
            "time": f"{result.seconds:.1f} s in all, {fastest}",
        }
    )
    for job in result.stopped_jobs:
        write(f"{job.job} stopped after step {job.step}: {job.failure}")
    columns = ("job", "steps", "first loss", "last loss")
    write_table(columns, _loss_rows(result), left=("job",))
    for parity in result.parity or ():
        write(f"{parity}")


def _steps(result: "RunResult", earlier: "Saved | None") -> str:
    other = " of another schedule" if earlier and earlier[1].schedule != result.programs[0].schedule else ""
    resumed = f", {result.resumed:,} of them by an earlier run{other}" if result.resumed else ""
    return f"{result.completed:,}{resumed}{', stopped early' if result.interrupted else ''}"


def _periods(count: int, result: "RunResult") -> str:
    """Say how many periods were carried out: they overlap, so many of them are one program."""
    pieces = "one piece" if result.completed <= 1 else f"{result.completed:,} pieces"
    several = f"{result.resumed:,} of them " if result.completed > 1 else ""
    earlier = f", {several}by an earlier run" if result.resumed else ""
    return f"{count:,} in {pieces}{earlier}{', stopped early' if result.interrupted else ''}"


def _fastest(result: "RunResult", part: str) -> str | None:
    return f"{min(result.step_seconds):.4f} s for the fastest {part}" if result.step_seconds else "no step"


def _loss_rows(result: "RunResult") -> list[tuple[object, ...]]:
    from gapweave.cli.run_outputs import loss_curves

    curves = [curve for curve in loss_curves(result) if curve.losses]
    return [
        (curve.job, len(curve.losses), f"{curve.losses[0]:.4f}", f"{curve.losses[-1]:.4f}")
        for curve in curves
    ]


def _report(path: str, result: "RunResult") -> dict[str, Any]:
    from gapweave.cli.run_outputs import loss_curves

    return {
        "schedule": path,
        "instance": result.schedule.instance.name,
        "backend": result.backend,
        "ranks": len(result.programs),
        "completed": result.completed,
        "resumed": result.resumed,
        "interrupted": result.interrupted,
        "seconds": result.seconds,
        "step_seconds": list(result.step_seconds),
        "measured_makespans_ns": list(result.makespans().values()),
        "losses": {curve.job: list(curve.losses) for curve in loss_curves(result)},
        "parity": [_parity(parity) for parity in result.parity or ()],
        "stopped_jobs": [asdict(job) for job in result.stopped_jobs],
    }


def _parity(parity: "JobParity") -> dict[str, Any]:
    return {"job": parity.job, "parameters": parity.parameters, "differing": list(parity.differing)}
