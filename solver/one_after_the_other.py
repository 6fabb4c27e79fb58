"""What training one job after the other under 1F1B takes: the usual practice, to compare with."""

from dataclasses import dataclass

from gapweave.models.errors import NotApplicable
from gapweave.models.memory import level_profiles
from gapweave.solver.heuristics.registry import heuristic
from gapweave.solver.job_alone import alone
from gapweave.solver.memory_levels import MemoryLevels
from gapweave.solver.timetable import rows_of

_POLICY = "1f1b"


@dataclass(frozen=True)
class OneAfterTheOther:
    """One step of every job, each alone under 1F1B.

    Attributes
    ----------
    period
        Ticks that a step of every job takes in all.
    level
        The least level of memory at which each job alone fits; see `MemoryLevels`.
    """

    period: int
    level: int

    @classmethod
    def of(cls, levels: MemoryLevels) -> "OneAfterTheOther | None":
        """Schedule each job alone, without a limit of memory; None if 1F1B does not apply."""
        unlimited = levels.at(None)
        period, level = 0, 0
        for job in range(len(unlimited.jobs)):
            try:
                own = alone(unlimited, job, heuristic(_POLICY))
            except NotApplicable:
                return None
            period += own.makespan
            profiles = level_profiles(own.arrays.instance, rows_of(own.arrays, own.starts))
            peaks = [max(amount for _, amount in profile) for profile in profiles]
            resident = own.arrays.instance.resident_memory
            held = [peak - always for peak, always in zip(peaks, resident, strict=True)]
            level = max(level, levels.needed(held))
        return cls(period, level)
