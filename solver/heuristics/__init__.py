"""Heuristics, one a file, each found through the entry-point group ``gapweave.heuristics``."""

from gapweave.solver.heuristics.base import Heuristic, Plan
from gapweave.solver.heuristics.registry import (
    heuristic,
    heuristics,
    single_job_policies,
    with_variants,
)

__all__ = ["Heuristic", "Plan", "heuristic", "heuristics", "single_job_policies", "with_variants"]
