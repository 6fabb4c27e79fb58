"""Streams: all microbatches in one sequence, and list schedules that follow it.

Where unequal jobs share tight memory, it matters which of them holds it while it waits for the first
backward, and which of them runs while the other one's last microbatches return: a few microbatches of one job
around all of the others, in turn or in blocks, use both. In the same order of devices blocks leave idle time
only where one job follows another; taking turns leaves some on every device. Each stream leads to schedules
of its own, which annealing does not turn into those of another one.
"""

from gapweave.solver.streams.search import search_streams

__all__ = ["search_streams"]
