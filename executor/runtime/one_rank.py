"""One rank in a process of its own, from its stages to the digests of its parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from gapweave.executor.runtime.device_timed import DeviceTimedRank
from gapweave.executor.runtime.digests import Digests, parameter_digests
from gapweave.executor.runtime.fault import RecordedFailure
from gapweave.executor.runtime.hooks import hooks_of
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of, require_matching, stages_of
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.session import Session
from gapweave.executor.runtime.training_loop import Runner, StepReport, Stop, TrainingLoop
from gapweave.executor.runtime.virtual_devices.streams import CudaStream
from gapweave.executor.training.job import TrainingJob


@dataclass(frozen=True)
class RankOutcome:
    """How far one rank came; steps are counted with those of earlier runs."""

    completed: int
    resumed: int
    digests: Digests
    record: Record


def run_rank(
    plan: Plan,
    options: RunOptions,
    jobs: Sequence[TrainingJob],
    session: Session,
    report: Callable[[StepReport], None],
    stop: Stop,
    record_path: Path | None = None,
) -> RankOutcome:
    """Train the stages of one rank, beside the other ranks of the session.

    Raises
    ------
    ActionFailed
        With the outcome as far as this rank knows it.
    """
    require_matching(plan, jobs)
    rank, transport = session.rank, session.transport()
    stages = stages_of(plan, jobs, rank, session.device)
    interpreter = interpreter_of(plan, jobs, rank, stages, transport, options, record_path)
    hooks = hooks_of(plan, options, jobs)
    loop = TrainingLoop(
        _runner(interpreter, session.device), stages, rank, plan.schedule.steps, report, hooks.on_step, stop
    )
    resumed = hooks.restore(stages)
    session.meet()  # building stages may take longer than messages are waited for
    try:
        completed = loop.run(options.steps, resumed)
    except RecordedFailure as failed:
        failed.outcome = _until_now(plan, rank, interpreter.record)
        raise
    return RankOutcome(completed, resumed, parameter_digests(stages), interpreter.record)


def _until_now(plan: Plan, rank: int, record: Record) -> Outcome:
    records = [record if number == rank else None for number in range(plan.ranks)]
    return Outcome(record.completed + record.resumed, record.resumed, {}, records)


def _runner(interpreter: Interpreter, device: torch.device) -> Runner:
    if device.type != "cuda":
        return interpreter
    return DeviceTimedRank(interpreter, CudaStream(torch.cuda.current_stream(device)))
