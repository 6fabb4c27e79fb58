"""The best of all lower bounds that need no search."""

from gapweave.models.bounds import HeadsTails
from gapweave.models.schedule import Primary
from gapweave.solver.bounds import critical_path, device_load, one_machine, pinned_primary
from gapweave.solver.bounds.proven import ProvenBound


def best_bound(paths: HeadsTails, primary: Primary | None = None) -> ProvenBound:
    """Return the largest lower bound on the makespan; among equals the simplest argument.

    Parameters
    ----------
    paths
        Heads and tails of all tasks.
    primary
        The pinned primary of mode ``fill``, else None.
    """
    bounds = [device_load.propose(paths), critical_path.propose(paths), one_machine.propose(paths)]
    if primary is not None and primary.tasks is not None:
        bounds.append(pinned_primary.propose(paths, primary))
    return max(bounds, key=lambda bound: bound.value)


__all__ = ["ProvenBound", "best_bound"]
