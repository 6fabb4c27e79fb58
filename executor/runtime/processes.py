"""A run on one machine, with a process for each rank that is started here."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from gapweave.executor.runtime.early_checks import require_trainable
from gapweave.executor.runtime.failure_report import RunFailed
from gapweave.executor.runtime.launcher import Launcher
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.run_folder import RunFolder
from gapweave.executor.runtime.step_collector import StepCollector
from gapweave.models.errors import OutputError


def run_processes(
    plan: Plan, options: RunOptions, collector: StepCollector, stopped: Callable[[], bool]
) -> Outcome:
    """Run a schedule on processes of this machine; raises RunFailed with what was recorded until then."""
    require_trainable(plan.schedule, options)
    with tempfile.TemporaryDirectory(prefix="gapweave-run-") as path:
        folder = RunFolder(Path(path))
        try:
            folder.fill(plan, options)
        except OSError as exc:
            raise OutputError(f"{path}: cannot be written: {exc.strerror}") from exc
        launcher = Launcher(folder, plan, options, collector.add, stopped)
        try:
            done = launcher.run()
        except RunFailed as failed:
            failed.outcome = _outcome(plan, folder)
            raise
        outcome = _outcome(plan, folder)
        if len(done) < plan.ranks:
            return outcome
        digests = {name: digest for rank in done.values() for name, digest in rank["digests"].items()}
        completed = min(rank["completed"] for rank in done.values())
        resumed = min(rank["resumed"] for rank in done.values())
        return Outcome(completed, resumed, digests, outcome.records)


def _outcome(plan: Plan, folder: RunFolder) -> Outcome:
    """Return what the records of the ranks say, whether or not they said more."""
    records = [folder.record(rank) for rank in range(plan.ranks)]
    completed = min(0 if record is None else record.completed for record in records)
    resumed = min(0 if record is None else record.resumed for record in records)
    return Outcome(completed + resumed, resumed, {}, records)
