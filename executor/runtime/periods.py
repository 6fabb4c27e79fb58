"""A schedule with a period as a finite one: its periods overlap, so many of them are one program.

A run that goes on after *d* periods has no pipeline to fill from: what is left is carried out in pieces of as
many periods as divide both *d* and the rest, so that steps of training are counted on in whole pieces.
"""

from dataclasses import replace
from math import gcd
from pathlib import Path

from gapweave.executor.checkpoint.folder import HEADER, newest
from gapweave.executor.runtime.options import RunOptions
from gapweave.models.errors import InvalidFile
from gapweave.models.expand import expanded
from gapweave.models.schedule import Schedule


def in_pieces(schedule: Schedule, options: RunOptions) -> tuple[Schedule, RunOptions]:
    """Return what to carry out instead of a schedule with a period, and how often.

    Raises
    ------
    InvalidFile
        The checkpoint to go on from does not say how many periods it holds.
    """
    done = _periods_done(options)
    left = max(0, options.steps - done)
    piece = gcd(done, left)
    return expanded(schedule, piece), replace(options, steps=(done + left) // piece, periods=piece)


def _periods_done(options: RunOptions) -> int:
    found = newest(Path(options.checkpoint)) if options.resume and options.checkpoint is not None else None
    if found is None:
        return 0
    place, header = found
    if header.steps is None:
        problem = "missing: an earlier gapweave did not note how many periods it had done; begin again"
        raise InvalidFile("steps", problem, str(place / HEADER))
    return header.step
