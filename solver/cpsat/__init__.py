"""The CP-SAT model: exact finisher, and the proof where bounds and heuristics leave a gap."""

from gapweave.solver.cpsat.destructive import bisect
from gapweave.solver.cpsat.run import improve_and_prove
from gapweave.solver.cpsat.windows import improve_by_windows

__all__ = ["bisect", "improve_and_prove", "improve_by_windows"]
