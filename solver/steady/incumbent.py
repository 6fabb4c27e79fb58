"""The best periodic schedules so far, the best bound, and who wants to know."""

import threading
from dataclasses import dataclass, field

import numpy as np

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import InternalError
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.proven import ProvenBound
from gapweave.solver.incumbent import OnProgress, Progress
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.kernel import Rings
from gapweave.solver.steady.retime import CyclicOrders, Timed, rings_of
from gapweave.solver.stopping import Stopping

#: How many different schedules are kept to start searches from.
_ELITE = 8


@dataclass(frozen=True, eq=False)
class Found:
    """A periodic schedule: its orders as rings, and its times."""

    rings: Rings
    timed: Timed
    source: str

    @property
    def period(self) -> int:
        """T in ticks."""
        return self.timed.period


@dataclass
class SteadyIncumbent:
    """Keeps the best few schedules, and the best of each source; every phase offers what it finds.

    Attributes
    ----------
    enough
        A period that is as good as the least one for who asks; None: only the least one is.
    """

    graph: CyclicGraph
    stopping: Stopping
    proven: ProvenBound
    on_progress: OnProgress | None = None
    enough: int | None = None
    elite: list[Found] = field(default_factory=list)
    by_source: dict[str, Found] = field(default_factory=dict)
    phase: str = "bounds"
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def best(self) -> Found | None:
        """The schedule of least period."""
        return self.elite[0] if self.elite else None

    @property
    def period(self) -> int | None:
        """The least period found, in ticks."""
        return self.elite[0].period if self.elite else None

    @property
    def goal(self) -> int:
        """The period that ends the search, in ticks: the bound, or what is enough."""
        return max(self.proven.value, self.enough or 0)

    @property
    def is_optimal(self) -> bool:
        """Whether the best schedule meets the bound, or is enough."""
        return self.period is not None and self.period <= self.goal

    def offer(self, found: Found) -> bool:
        """Keep a schedule if it is among the best; returns whether it is better than all before."""
        with self._lock:
            if self.proven.bound.argument == SEARCH and found.period < self.proven.value:
                raise self._contradiction(self.proven.value, found.period)
            better = self.period is None or found.period < self.period
            known_of_source = self.by_source.get(found.source)
            if known_of_source is None or found.period < known_of_source.period:
                self.by_source[found.source] = found
            if not better and any(known.period == found.period for known in self.elite):
                return False
            self.elite = sorted([*self.elite, found], key=lambda known: known.period)[:_ELITE]
            if better:
                self.report()
            return better

    def raise_bound(self, value: int, bound: Bound) -> None:
        """Keep a lower bound if it is better than what is known."""
        with self._lock:
            if self.period is not None and value > self.period:
                raise self._contradiction(value, self.period)
            if value > self.proven.value:
                self.proven = ProvenBound(value, bound)
                self.report()

    def _contradiction(self, value: int, period: int) -> InternalError:
        return InternalError(
            f"CP-SAT finds no period of {self.graph.instance.name!r} shorter than {value}, but a schedule of "
            f"period {period} is known; please report this instance"
        )

    def enter(self, phase: str) -> None:
        """Begin a phase of the solve, and say so."""
        self.phase = phase
        self.report()

    def report(self) -> None:
        """Tell the listener where things stand."""
        if self.on_progress is not None:
            self.on_progress(Progress(self.stopping.elapsed, self.phase, self.period, self.proven.value))


def orders_of(graph: CyclicGraph, timed: Timed) -> CyclicOrders:
    """Return the orders of a schedule, with each device's turn beginning at its first task of a step."""
    arrays = graph.arrays
    cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
    for device in range(len(cut)):
        nodes: Int64Array = np.flatnonzero(arrays.device == device)
        if len(nodes):
            cut[device] = timed.starts[nodes[0]]
    return CyclicOrders.read(graph, timed.starts, timed.period, cut)


def found(graph: CyclicGraph, timed: Timed, source: str) -> Found:
    """Return times with their orders."""
    return Found(rings_of(graph, orders_of(graph, timed)), timed, source)
