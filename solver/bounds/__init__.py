"""Proposers of lower bounds, one argument a file; `gapweave.models.bounds` proves each one again."""

from gapweave.solver.bounds.best import best_bound
from gapweave.solver.bounds.proven import ProvenBound

__all__ = ["ProvenBound", "best_bound"]
