"""What is left of a run when its processes have ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gapweave.executor.runtime.record import Record


@dataclass(frozen=True)
class Outcome:
    """How far a run came.

    Attributes
    ----------
    completed
        Steps that every rank completed, with those of earlier runs.
    resumed
        Steps of earlier runs.
    digests
        Of every parameter, by ``<job>/<stage>/<parameter>``; empty if the run was ended within a step.
    records
        Of each rank; None for one that did not get to its first step.
    """

    completed: int
    resumed: int
    digests: Mapping[str, str]
    records: Sequence[Record | None]
