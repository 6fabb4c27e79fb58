"""Raising the lower bound by shaving, as for job shops: what an assumption makes impossible is cut off.

References
----------
P. Martin, D. B. Shmoys, "A new approach to computing optimal schedules for the job-shop scheduling problem",
IPCO 1996, doi:10.1007/3-540-61310-2_29. J. Carlier, E. Pinson, "Adjustment of heads and tails for the
job-shop problem", European Journal of Operational Research 78 (1994), doi:10.1016/0377-2217(94)90379-4.
"""

from gapweave.solver.shaving.refutation import Refutation
from gapweave.solver.shaving.relaxation import Relaxation
from gapweave.solver.shaving.search import Shaving

__all__ = ["Refutation", "Relaxation", "Shaving"]
