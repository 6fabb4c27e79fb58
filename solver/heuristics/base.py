"""What a heuristic is."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from gapweave.models.schedule import Primary
from gapweave.models.task_arrays import Int64Array, TaskArrays


@dataclass(frozen=True, eq=False)
class Plan:
    """What a heuristic decided.

    Attributes
    ----------
    starts
        Start of every node, shape (nodes,), in ticks.
    primary
        The primary's own schedule if the heuristic worked around it (mode ``fill``), else None.
    """

    starts: Int64Array
    primary: Primary | None = None


@runtime_checkable
class Heuristic(Protocol):
    """A rule that schedules an instance at once, without search.

    Register a class with these members (class variables do) under the entry-point group
    ``gapweave.heuristics``; gapweave constructs it without arguments. Its schedules pass through the
    verifier like all others.
    """

    @property
    def name(self) -> str:
        """Name on the command line and in tables."""
        ...

    @property
    def jobs(self) -> Literal["single", "many"]:
        """``single``: schedules one job alone; ``many``: any number of jobs."""
        ...

    def plan(self, arrays: TaskArrays) -> Plan:
        """Decide the start of every task; raises NotApplicable with a reason."""
        ...
