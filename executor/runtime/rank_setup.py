"""Everything that one rank needs before its first step: stages, clipping, record, interpreter."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from gapweave.executor.runtime.deadlines import Deadlines
from gapweave.executor.runtime.fault import explained
from gapweave.executor.runtime.gradient_clipping import GradientClipping
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.stage_protocol import Stages
from gapweave.executor.runtime.transport import Transport
from gapweave.executor.training.gradient_norm import clip_factor
from gapweave.executor.training.job import TrainingJob
from gapweave.executor.training.stage import StageRunner
from gapweave.models.errors import ExecutionFailed, OutputError

#: Steps whose times are kept if nobody asked for all.
_RECENT = 2


def require_matching(plan: Plan, jobs: Sequence[TrainingJob]) -> None:
    """Refuse training jobs that the schedule is not for.

    Raises
    ------
    ExecutionFailed
        Their number, a number of stages, or the clipping does not fit.
    """
    planned = plan.schedule.instance.jobs
    if len(jobs) != len(planned):
        raise ExecutionFailed(f"jobs: the schedule is for {len(planned)}, got {len(jobs)}")
    for index, (job, wanted) in enumerate(zip(jobs, planned, strict=True)):
        if len(job.stages) != len(wanted.stages):
            problem = f"job {wanted.name!r} has {len(wanted.stages)} in the schedule, got {len(job.stages)}"
            raise ExecutionFailed(f"jobs[{index}].stages: {problem}")
        if job.clip_norm is not None and not wanted.optimizer_barrier:
            problem = f"needs optimizer_barrier, which job {wanted.name!r} does not have in the schedule"
            raise ExecutionFailed(f"jobs[{index}].clip_norm: {problem}")


def stages_of(plan: Plan, jobs: Sequence[TrainingJob], rank: int, device: torch.device) -> Stages:
    """Build the stages that run on a rank."""
    stages: dict[tuple[int, int], StageRunner] = {}
    for number, (job, planned) in enumerate(zip(jobs, plan.schedule.instance.jobs, strict=True)):
        for stage, place in enumerate(planned.stages):
            if place.device == rank and number in plan.trained:
                with explained(f"jobs[{number}].stages[{stage}]"):
                    stages[number, stage] = StageRunner(
                        job, number, len(job.stages), stage, device, microbatches=planned.microbatch_count
                    )
    return stages


def interpreter_of(
    plan: Plan,
    jobs: Sequence[TrainingJob],
    rank: int,
    stages: Stages,
    transport: Transport,
    options: RunOptions,
    record_path: Path | None = None,
) -> Interpreter:
    """Bind the program of a rank to its stages and channels."""
    program = plan.programs[rank]
    deadlines = Deadlines(plan.gaps(rank), plan.schedule.makespan, options.deadline, plan.tick)
    record = _record(len(program.actions), options, record_path)
    clipping = _clipping(plan, jobs)
    with explained(f"rank {rank}"):
        return Interpreter(program, stages, transport, record, deadlines, plan.schedule.steps, clipping)


def _clipping(plan: Plan, jobs: Sequence[TrainingJob]) -> Mapping[int, GradientClipping]:
    return {
        number: GradientClipping(len(job.stages), _factor_of(job.clip_norm))
        for number, (job, planned) in enumerate(zip(jobs, plan.schedule.instance.jobs, strict=True))
        if planned.optimizer_barrier
    }


def _factor_of(clip_norm: float | None) -> Callable[[list[torch.Tensor]], torch.Tensor] | None:
    return None if clip_norm is None else lambda norms: clip_factor(norms, clip_norm)


def _record(actions: int, options: RunOptions, path: Path | None) -> Record:
    rows = options.steps if options.record_all else min(_RECENT, options.steps)
    try:
        return Record.create(actions, rows, path)
    except OSError as exc:
        raise OutputError(f"{path}: cannot be written: {exc.strerror}") from exc
