"""Lower bounds as certificates: each argument's value is computed again from the instance alone.

A certificate names the few facts from which the bound follows (a device, a task, two thresholds); whoever
proposes it searches for the best one, and `reprove` needs no search at all.
"""

from gapweave.models.bounds.heads_tails import HeadsTails, heads_and_tails
from gapweave.models.bounds.merged import merge_equal_jobs
from gapweave.models.bounds.primary_room import PrimaryRoom
from gapweave.models.bounds.ramps import ramps_value
from gapweave.models.bounds.reprove import SEARCH, Verdict, reprove
from gapweave.models.bounds.windows import Windows

__all__ = [
    "SEARCH",
    "HeadsTails",
    "PrimaryRoom",
    "Verdict",
    "Windows",
    "heads_and_tails",
    "merge_equal_jobs",
    "ramps_value",
    "reprove",
]
