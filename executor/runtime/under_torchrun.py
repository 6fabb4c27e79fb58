"""A run under torchrun: this process is one rank."""

from collections.abc import Sequence

from gapweave.executor.runtime.digests import parameter_digests
from gapweave.executor.runtime.hooks import hooks_of
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of, require_matching, stages_of
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.session import Session
from gapweave.executor.runtime.step_collector import StepCollector
from gapweave.executor.runtime.training_loop import NeverStop, StepReport, TrainingLoop
from gapweave.executor.training.job import TrainingJob


def run_under_torchrun(
    plan: Plan, options: RunOptions, jobs: Sequence[TrainingJob] | None, collector: StepCollector
) -> Outcome:
    """Run the rank of this process; every process gets the outcome of all."""
    made = jobs_of(plan.schedule, options) if jobs is None else jobs
    require_matching(plan, made)
    with Session.under_torchrun(plan, options) as session:
        rank = session.rank
        stages = stages_of(plan, made, rank, session.device)
        runner = interpreter_of(plan, made, rank, stages, session.transport(), options)
        hooks = hooks_of(plan, options)
        reports: list[StepReport] = []
        resumed = hooks.restore(stages)
        loop = TrainingLoop(
            runner, stages, rank, plan.schedule.steps, reports.append, hooks.on_step, NeverStop()
        )
        completed = loop.run(options.steps, resumed)
        parts = session.gathered((reports, parameter_digests(stages), bytes(runner.record.words)))
    for own_reports, _, _ in parts:
        for report in own_reports:
            collector.add(report)
    digests = {name: digest for _, own, _ in parts for name, digest in own.items()}
    return Outcome(completed, resumed, digests, [Record.from_bytes(words) for _, _, words in parts])
