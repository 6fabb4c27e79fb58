"""Streams: all microbatches in one sequence, in blocks of one job, and list schedules that follow it.

Where unequal jobs go through the devices in the same order and share tight memory, taking turns microbatch
by microbatch leaves idle time on every device. In blocks they leave it only where one job follows another,
and at the begin and end: there a few microbatches of one job around all of the others use the memory best.
Each such stream leads to schedules of its own, which annealing does not turn into those of another one.
"""

from gapweave.solver.streams.search import search_streams

__all__ = ["search_streams"]
