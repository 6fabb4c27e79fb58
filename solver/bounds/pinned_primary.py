"""Lower bound of mode ``fill``: the end of the pinned primary."""

from gapweave.models.bounds import HeadsTails
from gapweave.models.bounds.arguments import pinned_primary
from gapweave.models.schedule import Bound, Primary
from gapweave.solver.bounds.proven import ProvenBound


def propose(paths: HeadsTails, primary: Primary) -> ProvenBound:
    """Take the end of the primary's last task."""
    value = pinned_primary(paths, primary, {})
    return ProvenBound(value, Bound(argument="pinned-primary", certificate={}))
