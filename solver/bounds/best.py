"""The best of all lower bounds that need no search."""

from gapweave.models.bounds import HeadsTails, Windows, heads_and_tails, merge_equal_jobs
from gapweave.models.schedule import Bound, Primary
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import (
    critical_path,
    device_load,
    idle_intervals,
    one_machine,
    pinned_primary,
    ramps,
)
from gapweave.solver.bounds.proven import ProvenBound

_PROPOSERS = (device_load.propose, critical_path.propose, one_machine.propose, ramps.propose)


def best_bound(
    paths: HeadsTails, primary: Primary | None = None, windows: Windows | None = None
) -> ProvenBound:
    """Return the largest lower bound on the makespan; among equals the simplest argument.

    Parameters
    ----------
    paths
        Heads and tails of all tasks.
    primary
        The pinned primary of mode ``fill``, else None.
    windows
        When the free tasks can run beside it, else None.
    """
    bounds = [propose(paths) for propose in _PROPOSERS]
    merged = merge_equal_jobs(paths.arrays.instance)
    if merged is not None:
        merged_paths = heads_and_tails(TaskArrays.build(merged))
        bounds += [_of_merged(propose(merged_paths)) for propose in _PROPOSERS]
    if primary is not None and primary.tasks is not None:
        bounds.append(pinned_primary.propose(paths, primary))
    best = max(bounds, key=lambda bound: bound.value)
    around = idle_intervals.propose(windows, best.value) if windows is not None else None
    return best if around is None else around


def _of_merged(proven: ProvenBound) -> ProvenBound:
    certificate = proven.bound.certificate | {"merged": True}
    return ProvenBound(proven.value, Bound(argument=proven.bound.argument, certificate=certificate))
