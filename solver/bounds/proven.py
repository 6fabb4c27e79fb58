"""A lower bound together with its proof."""

from dataclasses import dataclass

from gapweave.models.schedule import Bound


@dataclass(frozen=True)
class ProvenBound:
    """No schedule's makespan is below ``value`` (ticks), because of ``bound``."""

    value: int
    bound: Bound
