"""A run of all ranks in one process."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import torch

from gapweave.executor.runtime.digests import parameter_digests
from gapweave.executor.runtime.fault import ActionFailed
from gapweave.executor.runtime.hooks import hooks_of
from gapweave.executor.runtime.in_process import Channel, InProcessRanks, InProcessTransport
from gapweave.executor.runtime.jobs import jobs_of
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.outcome import Outcome
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of, require_matching, stages_of
from gapweave.executor.runtime.step_collector import StepCollector
from gapweave.executor.runtime.threads import one_thread
from gapweave.executor.runtime.training_loop import TrainingLoop
from gapweave.executor.runtime.virtual_devices.setup import ranks_on_one_gpu
from gapweave.executor.training.job import TrainingJob
from gapweave.models.errors import Interrupted

#: Seconds from a wish to stop to the end of the step that is under way; then it is given up.
_STEP_END = 1.2


class _StopBetweenSteps:
    """Ends the run with the step under way; within it, if that takes too long."""

    def __init__(self, stopped: Callable[[], bool]) -> None:
        self._stopped = stopped
        self._give_up: float | None = None

    def after(self, repetition: int) -> bool:
        return self._stopped()

    def check(self) -> None:
        if self._give_up is None:
            if self._stopped():
                self._give_up = time.monotonic() + _STEP_END
        elif time.monotonic() > self._give_up:
            raise Interrupted("stopped within a step")


@one_thread()
def run_in_process(
    plan: Plan,
    options: RunOptions,
    jobs: Sequence[TrainingJob] | None,
    collector: StepCollector,
    stopped: Callable[[], bool],
) -> Outcome:
    """Run all ranks of a schedule in this process, each with one thread."""
    made = jobs_of(plan.schedule, options) if jobs is None else jobs
    require_matching(plan, made)
    stop = _StopBetweenSteps(stopped)
    make = ranks_on_one_gpu if options.backend == "one-gpu" else ranks_in_process
    ranks = make(plan, made, options, check_stop=stop.check)
    stages = {key: stage for rank in ranks.interpreters for key, stage in rank.stages.items()}
    hooks = hooks_of(plan, options, made)
    completed = resumed = hooks.restore(stages)
    loop = TrainingLoop(ranks, stages, 0, plan.schedule.steps, collector.add, hooks.on_step, stop)
    digests: Mapping[str, str] = {}
    records = [rank.record for rank in ranks.interpreters]
    try:
        completed = loop.run(options.steps, resumed)
        digests = parameter_digests(stages)
    except Interrupted:
        completed = resumed + min(record.completed for record in records)
    except ActionFailed as failed:
        completed = resumed + min(record.completed for record in records)
        failed.outcome = Outcome(completed, resumed, {}, records)
        raise
    return Outcome(completed, resumed, digests, records)


def ranks_in_process(
    plan: Plan,
    jobs: Sequence[TrainingJob],
    options: RunOptions,
    device: torch.device | None = None,
    check_stop: Callable[[], None] = lambda: None,
) -> InProcessRanks:
    """Build every rank of a schedule in this process, with messages handed over directly."""
    channels: defaultdict[tuple[int, int], Channel] = defaultdict(Channel)
    interpreters = []
    for rank in range(plan.ranks):
        stages = stages_of(plan, jobs, rank, device or torch.device("cpu"))
        transport = InProcessTransport(rank, channels)
        interpreters.append(interpreter_of(plan, jobs, rank, stages, transport, options))
    return InProcessRanks(interpreters, plan.starts, check_stop)
