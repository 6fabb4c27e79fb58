"""Proposers of lower bounds, one argument a file; `gapweave.models.bounds` proves each one again."""

from gapweave.solver.bounds.best import ProvenBound, best_bound

__all__ = ["ProvenBound", "best_bound"]
