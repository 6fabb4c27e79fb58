"""A run of all ranks in one process."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import torch

from gapweave.executor.runtime.in_process import Channel, InProcessRanks, InProcessTransport
from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.rank_setup import interpreter_of, stages_of
from gapweave.executor.training.job import TrainingJob


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
