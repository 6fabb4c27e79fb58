"""What was measured of one stage, and the numbers that an instance needs of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal, TypeAlias

from gapweave.models.instance import StageMemory

Kind: TypeAlias = Literal["F", "B", "W", "O"]


@dataclass(frozen=True)
class StageCosts:
    """Measurements of one stage of one job.

    Attributes
    ----------
    nanoseconds
        Samples of each kind of task; no ``W`` if the backward pass is not split.
    memory
        Bytes: resident, and what a microbatch claims and frees in F, B and W.
    sent_forward, sent_backward
        Bytes that the stage sends to the next and to the previous one, per microbatch.
    """

    nanoseconds: Mapping[Kind, Sequence[int]]
    memory: StageMemory
    sent_forward: int
    sent_backward: int

    def typical(self, kind: Kind) -> int:
        """Return the median time of a kind of task, in nanoseconds, at least 1."""
        return max(1, round(median(self.nanoseconds[kind])))

    def spread(self, kind: Kind) -> float:
        """Return the interquartile range as a share of the median."""
        samples = self.nanoseconds[kind]
        if len(samples) < 2:
            return 0.0
        low, _, high = quantiles(samples, n=4)
        return (high - low) / max(1.0, median(samples))
