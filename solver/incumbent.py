"""The best schedule so far and the best bound so far, and who wants to know."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from gapweave.models.errors import InternalError
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


@dataclass(frozen=True)
class Progress:
    """What is known at one moment of a solve; times of schedules in ticks, ``elapsed`` in seconds."""

    elapsed: float
    phase: str
    makespan: int | None
    lower_bound: int

    @property
    def gap(self) -> float | None:
        """``makespan / lower_bound - 1``; None before the first schedule."""
        return None if self.makespan is None else self.makespan / self.lower_bound - 1


OnProgress: TypeAlias = Callable[[Progress], None]


class Found(NamedTuple):
    """A schedule: its makespan and the starts of all nodes, shape (nodes,), in ticks."""

    makespan: int
    starts: Int64Array


@dataclass
class Incumbent:
    """Best starts and best bound; every phase offers what it finds, from any thread.

    Attributes
    ----------
    by_source
        The best schedule of each source, whether it is the best of all or not.
    """

    problem: Problem
    stopping: Stopping
    on_progress: OnProgress | None = None
    starts: Int64Array | None = None
    makespan: int | None = None
    phase: str = "bounds"
    source: str = ""
    by_source: dict[str, Found] = field(default_factory=dict)
    lower_bound: int = field(init=False)
    bound: Bound = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.lower_bound = self.problem.bound.value
        self.bound = self.problem.bound.bound

    @property
    def gap(self) -> float | None:
        """``makespan / lower_bound - 1``; None before the first schedule."""
        return self.progress.gap

    def learn(self) -> None:
        """Take over what is known by now; of the best schedule all is."""

    @property
    def progress(self) -> Progress:
        """What is known by now."""
        return Progress(self.stopping.elapsed, self.phase, self.makespan, self.lower_bound)

    @property
    def is_optimal(self) -> bool:
        """Whether the schedule meets the bound."""
        return self.makespan == self.lower_bound

    def offer(self, starts: Int64Array | None, source: str) -> bool:
        """Keep ``starts`` if they are better than what is known; returns whether they are."""
        if starts is None or not self.problem.admits(starts):
            return False
        makespan = self.problem.makespan(starts)
        with self._lock:
            if source not in self.by_source or makespan < self.by_source[source].makespan:
                self.by_source[source] = Found(makespan, starts)
            if self.makespan is not None and makespan >= self.makespan:
                return False
            self.starts, self.makespan, self.source = starts, makespan, source
            self.report()
        return True

    def raise_bound(self, value: int, bound: Bound) -> None:
        """Keep a lower bound if it is better than what is known.

        Raises
        ------
        InternalError
            A shorter schedule is known.
        """
        with self._lock:
            if self.makespan is not None and value > self.makespan:
                raise InternalError(
                    f"{bound.argument!r} finds no schedule of {self.problem.instance.name!r} shorter than "
                    f"{value}, but one of makespan {self.makespan} is known; please report this instance"
                )
            if value > self.lower_bound:
                self.lower_bound, self.bound = value, bound
                self.report()

    def enter(self, phase: str) -> None:
        """Begin a phase of the solve, and say so; one that only goes on is nothing new."""
        if phase != self.phase:
            self.phase = phase
            self.report()

    def report(self) -> None:
        """Tell the listener where things stand."""
        if self.on_progress is not None:
            self.on_progress(self.progress)


@dataclass
class Line(Incumbent):
    """A schedule that is improved for itself, because it began elsewhere; the best one hears of it.

    Attributes
    ----------
    best
        The best schedule of all.
    """

    best: Incumbent = field(kw_only=True)

    @classmethod
    def beside(cls, best: Incumbent, starts: Int64Array) -> "Line":
        """Begin a line with these starts."""
        makespan = best.problem.makespan(starts)
        line = cls(best.problem, best.stopping, starts=starts, makespan=makespan, best=best)
        line.learn()
        return line

    def learn(self) -> None:
        """Take over the bound that is known by now."""
        self.lower_bound, self.bound = self.best.lower_bound, self.best.bound

    @property
    def is_optimal(self) -> bool:
        """Whether the best schedule meets the bound."""
        return self.best.is_optimal

    def offer(self, starts: Int64Array | None, source: str) -> bool:
        """Keep ``starts`` if they are better than the line's own; returns whether they are."""
        is_better = super().offer(starts, source)
        if is_better:
            self.best.offer(starts, source)
        return is_better
