"""What a run does before its first step and between steps, as its options ask."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gapweave.executor.runtime.options import RunOptions
from gapweave.executor.runtime.plan import Plan
from gapweave.executor.runtime.stage_protocol import Stages
from gapweave.executor.runtime.training_loop import StepHook
from gapweave.executor.training.job import TrainingJob


@dataclass(frozen=True)
class Hooks:
    """Calls around the steps of one process.

    Attributes
    ----------
    restore
        Loads what an earlier run saved into the stages; returns how many steps that run completed.
    on_step
        Called after each step, in order.
    """

    restore: Callable[[Stages], int] = lambda stages: 0
    on_step: Sequence[StepHook] = ()


def hooks_of(plan: Plan, options: RunOptions, jobs: Sequence[TrainingJob]) -> Hooks:
    """Return the hooks for the options of a run."""
    if options.checkpoint is None:
        return Hooks()
    from gapweave.executor.checkpoint.hooks import Checkpoints  # torch's checkpoints take a while to load

    checkpoints = Checkpoints(plan, jobs, options.checkpoint, options.checkpoint_every, options.periods)
    if options.on_failure == "continue":
        return Hooks(checkpoints.restore_or_save, (checkpoints,))
    if not options.resume:
        return Hooks(on_step=(checkpoints,))
    return Hooks(checkpoints.restore, (checkpoints,))
