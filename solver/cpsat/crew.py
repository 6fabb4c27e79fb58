"""Threads that ask CP-SAT one small thing after the other, and share what they learn."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from gapweave.solver.cpsat.interruptible import PATIENCE
from gapweave.solver.cpsat.isolated import IsolatedSolver
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
    """

    is_over: bool = False
    failure: BaseException | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @abstractmethod
    def take_turn(self, stopping: Stopping) -> bool:
        """Do one thing, in a thread of the crew; returns whether to go on."""

    @abstractmethod
    def busy(self) -> Iterable[IsolatedSolver]:
        """Return the solvers that are at work; called with the lock held."""

    def run(self, stopping: Stopping, workers: int, name: str) -> None:
        """Search until the end, or a little after it is time to stop; threads bear the name."""
        threads = [threading.Thread(target=self._work, args=(stopping,), name=name) for _ in range(workers)]
        for thread in threads:
            thread.start()
        try:
            while not self.is_over and not stopping:
                threads[0].join(_POLL)
        finally:
            self._stop()
            for thread in threads:
                thread.join(PATIENCE / workers)
            self._end_processes()
        if self.failure is not None:
            raise self.failure

    def _stop(self) -> None:
        with self.lock:
            self.is_over = True
            for solver in self.busy():
                solver.stop_search()

    def _end_processes(self) -> None:
        with self.lock:
            for solver in self.busy():
                solver.kill()

    def _work(self, stopping: Stopping) -> None:
        try:
            while self.take_turn(stopping):
                pass
        except BaseException as exc:
            self.failure = exc
        finally:
            self.is_over = True
