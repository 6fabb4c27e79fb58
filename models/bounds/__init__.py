"""Lower bounds as certificates: each argument's value is computed again from the instance alone.

A certificate names the few facts from which the bound follows (a device, a task, two thresholds); whoever
proposes it searches for the best one, and `reprove` needs no search at all.
"""

from gapweave.models.bounds.fill_windows import FillWindows
from gapweave.models.bounds.heads_tails import HeadsTails, heads_and_tails
from gapweave.models.bounds.merged import merge_equal_jobs
from gapweave.models.bounds.pinned_room import PinnedRoom
from gapweave.models.bounds.reprove import SEARCH, Verdict, reprove

__all__ = [
    "SEARCH",
    "FillWindows",
    "HeadsTails",
    "PinnedRoom",
    "Verdict",
    "heads_and_tails",
    "merge_equal_jobs",
    "reprove",
]
