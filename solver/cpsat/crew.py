"""Threads that ask CP-SAT one small thing after the other, and share what they learn."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from gapweave.solver.cpsat.isolated import PATIENCE, IsolatedSolver
from gapweave.solver.stopping import Stopping

_POLL = 0.05


@dataclass(kw_only=True)
class Crew(ABC):
    """A search by several threads; what they report after its end does not count.

    Attributes
    ----------
    is_over
        Whether the search has ended: one thread had nothing left to do, or failed, or it was time to stop.
    lock
        Held wherever the threads share something.
    busy
        The solvers that are at work.
    """

    is_over: bool = False
    failure: BaseException | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    busy: set[IsolatedSolver] = field(default_factory=set)

    @abstractmethod
    def take_turn(self, stopping: Stopping) -> bool:
        """Do one thing, in a thread of the crew; returns whether to go on."""

    def ask(self, solver: IsolatedSolver, model: cp_model.CpModel) -> cp_model.CpSolverStatus | None:
        """Let CP-SAT solve a model; returns its status, None if it failed or the search is over."""
        with self.lock:
            if self.is_over:
                return None
            self.busy.add(solver)
        try:
            return solver.solve(model)
        finally:
            with self.lock:
                self.busy.discard(solver)

    def run(self, stopping: Stopping, workers: int, name: str) -> None:
        """Search until the end, or a little after it is time to stop; threads bear the name."""
        threads = [threading.Thread(target=self._work, args=(stopping,), name=name) for _ in range(workers)]
        for thread in threads:
            thread.start()
        try:
            while not self.is_over and not stopping:
                threads[0].join(_POLL)
        finally:
            self.is_over = True
            self._tell_busy(IsolatedSolver.stop_search)
            for thread in threads:
                thread.join(PATIENCE / workers)
            self._tell_busy(IsolatedSolver.kill)
        if self.failure is not None:
            raise self.failure

    def _tell_busy(self, message: Callable[[IsolatedSolver], None]) -> None:
        with self.lock:
            for solver in self.busy:
                message(solver)

    def _work(self, stopping: Stopping) -> None:
        try:
            while self.take_turn(stopping):
                pass
        except BaseException as exc:
            self.failure = exc
        finally:
            self.is_over = True
