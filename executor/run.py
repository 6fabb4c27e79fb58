"""Run a schedule: train its jobs, each device carrying out its tasks in the planned order."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gapweave.executor.run_result import RunResult
from gapweave.executor.runtime.fault import RecordedFailure
from gapweave.executor.runtime.options import Backend, OnFailure, RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.periods import in_pieces
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.step_collector import StepCollector, StepProgress
from gapweave.models.errors import Interrupted, MissingExtra
from gapweave.models.schedule import Schedule

if TYPE_CHECKING:
    from gapweave.executor.training.job import TrainingJob

OnStep = Callable[[StepProgress], None]
Stopped = Callable[[], bool]


def run(
    schedule: Schedule,
    jobs: "Sequence[TrainingJob] | str | None" = None,
    *,
    steps: int = 1,
    check: bool = False,
    backend: Backend = "auto",
    models: Sequence[str] = (),
    corpus: str | Path | None = None,
    seed: int = 0,
    deadline: float = RunOptions.deadline,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1,
    resume: bool = False,
    on_failure: OnFailure = "stop",
    record_all: bool = False,
    on_step: OnStep | None = None,
    stopped: Stopped = lambda: False,
) -> RunResult:
    """Train the jobs of a schedule for some steps.

    Under torchrun every process calls this with the same arguments and is one rank.

    Parameters
    ----------
    jobs
        One training job for each job of the schedule; or ``module:function`` or ``file.py:function`` that
        returns them for a schedule; or None for a small transformer each. Jobs that are given as objects run
        in this process, unless torchrun started it.
    steps
        How often the whole schedule is carried out; of a schedule with a period, how many periods.
    check
        Train every job alone as well, and compare every parameter bit by bit: the result's ``parity``. Under
        torchrun the first process does so.
    backend
        ``gloo`` (processes on CPU), ``nccl`` (a GPU for each device), ``one-gpu`` (all devices are shares of
        one GPU), ``in-process`` (all devices in this process), or ``auto``.
    models, corpus, seed
        Of the ready-made jobs: a model for each job, a text file to learn, and the seed.
    deadline
        Seconds that a message is waited for, on top of a multiple of the planned idle time.
    checkpoint, checkpoint_every, resume
        Folder of checkpoints, steps between them, and whether to go on from the newest one.
    on_failure
        If a secondary job fails in its own stages (an exception, or numbers that are not finite), ``stop``
        the run, or go on without that job from the last checkpoint (``continue``): the result's
        ``stopped_jobs``. The other jobs end with the parameters that they would have had anyway.
    record_all
        Keep the times of all steps rather than of the last two.
    on_step
        Called when all jobs have completed a step.
    stopped
        Asked now and then: whether to end after the step that is under way.

    Returns
    -------
    RunResult
        Losses, digests of all parameters, and measured times.

    Raises
    ------
    ExecutionFailed
        A rank died or hung, or numbers were not finite.
    """
    options = RunOptions(
        steps=steps,
        backend=backend,
        jobs=jobs if isinstance(jobs, str) else None,
        models=tuple(models),
        corpus=None if corpus is None else str(corpus),
        seed=seed,
        deadline=deadline,
        checkpoint=None if checkpoint is None else str(checkpoint),
        checkpoint_every=checkpoint_every,
        resume=resume,
        on_failure=on_failure,
        record_all=record_all,
    )
    objects = None if jobs is None or isinstance(jobs, str) else tuple(jobs)
    return run_with(schedule, options, objects, check=check, on_step=on_step, stopped=stopped)


def run_with(
    schedule: Schedule,
    options: RunOptions,
    jobs: "Sequence[TrainingJob] | None" = None,
    *,
    check: bool = False,
    on_step: OnStep | None = None,
    stopped: Stopped = lambda: False,
) -> RunResult:
    """Do what `run` does, with its settings in one object."""
    _require_torch()
    if schedule.period is not None:
        schedule, options = in_pieces(schedule, options)
    from gapweave.executor.runtime.backend import chosen_backend
    from gapweave.executor.runtime.going_on import Attempts, require_consistent

    plan = Plan.of(schedule)
    options = chosen_backend(options, plan.ranks, objects_given=jobs is not None)
    require_consistent(options)
    collector = StepCollector(schedule, on_step)
    begin = time.perf_counter()
    untrained = [job.copied() for job in jobs] if check and jobs is not None else None
    attempts = Attempts(plan, options)

    def attempt(plan: Plan, options: RunOptions) -> Outcome:
        return _outcome(plan, options, jobs, collector, stopped)

    def result_of(outcome: Outcome) -> RunResult:
        seconds = time.perf_counter() - begin
        result = RunResult.of(attempts.plan, options, outcome, collector, seconds)
        return replace(result, stopped_jobs=tuple(attempts.stopped_jobs))

    try:
        outcome = attempts.run(attempt, collector.stop)
    except RecordedFailure as failed:
        if failed.outcome is not None:
            failed.result = result_of(failed.outcome)
        raise
    result = result_of(outcome)
    if check and outcome.digests and os.environ.get("RANK", "0") == "0":
        from gapweave.executor.parity import parity_with_training_alone

        try:
            parity = parity_with_training_alone(
                attempts.plan, options, untrained, outcome.digests, outcome.completed, stopped
            )
        except Interrupted:
            return replace(result, interrupted=True)
        return replace(result, parity=parity)
    return result


def _outcome(
    plan: Plan,
    options: RunOptions,
    jobs: "Sequence[TrainingJob] | None",
    collector: StepCollector,
    stopped: Stopped,
) -> Outcome:
    from gapweave.executor.runtime.backend import is_under_torchrun

    if options.backend in ("in-process", "one-gpu"):
        from gapweave.executor.runtime.all_ranks import run_in_process

        return run_in_process(plan, options, jobs, collector, stopped)
    if is_under_torchrun():
        from gapweave.executor.runtime.under_torchrun import run_under_torchrun

        return run_under_torchrun(plan, options, jobs, collector)
    from gapweave.executor.runtime.processes import run_processes

    return run_processes(plan, options, collector, stopped)


def _require_torch() -> None:
    if find_spec("torch") is None:
        raise MissingExtra("running a schedule", "exec")
