"""Lower bound: the longest path through the task graph with microbatches in order."""

from gapweave.models.bounds import HeadsTails
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.proven import ProvenBound


def propose(paths: HeadsTails) -> ProvenBound:
    """Find the task with the longest path through it."""
    arrays = paths.arrays
    node = int(paths.through[: arrays.task_count].argmax())
    certificate = {"task": list(arrays.task(node))}
    return ProvenBound(int(paths.through[node]), Bound(argument="critical-path", certificate=certificate))
