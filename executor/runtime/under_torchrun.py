"""A run under torchrun: this process is one rank."""

from collections.abc import Sequence

from gapweave.executor.runtime.fault import RecordedFailure
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.one_rank import run_rank
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.parent_watch import be_killed_with_parent
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.record import Record
from gapweave.executor.runtime.session import Session
from gapweave.executor.runtime.step_collector import StepCollector
from gapweave.executor.runtime.training_loop import NeverStop, StepReport
from gapweave.executor.training.job import TrainingJob


def run_under_torchrun(
    plan: Plan, options: RunOptions, jobs: Sequence[TrainingJob] | None, collector: StepCollector
) -> Outcome:
    """Run the rank of this process; every process gets the outcome of all.

    After a failure it has what this rank recorded, and the collector what it reported.
    """
    be_killed_with_parent()  # an agent that is killed would leave its ranks behind
    made = jobs_of(plan.schedule, options) if jobs is None else jobs
    reports: list[StepReport] = []

    def report(step: StepReport) -> None:
        reports.append(step)
        collector.announce(step)

    with Session.under_torchrun(plan, options) as session:
        try:
            own = run_rank(plan, options, made, session, report, NeverStop())
        except RecordedFailure:
            for earlier in reports:
                collector.add(earlier, announce=False)
            raise
        parts = session.gathered((reports, own.digests, bytes(own.record.words)))
    for rank_reports, _, _ in parts:
        for earlier in rank_reports:
            collector.add(earlier, announce=False)
    digests = {name: digest for _, rank_digests, _ in parts for name, digest in rank_digests.items()}
    records = [Record.from_bytes(words) for _, _, words in parts]
    return Outcome(own.completed, own.resumed, digests, records)
