"""Cyclic patterns: one period in the middle of a long schedule, and list schedules that follow it.

Where every job has many microbatches, the middle of a good schedule repeats itself: each period runs a few
microbatches of every job on every device. Finding one period is a small problem whatever the number of
microbatches, and a list scheduler that takes its tasks in the pattern's order builds the way in and out.
"""

from gapweave.solver.pattern.guided_search import search_patterns

__all__ = ["search_patterns"]
