"""Large-neighbourhood search: free a window of the best schedule, let CP-SAT improve it, repeat.

References
----------
P. Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", CP 1998,
doi:10.1007/3-540-49481-2_30. L. Perron, P. Shaw, V. Furnon, "Propagation guided large neighborhood search",
CP 2004, doi:10.1007/978-3-540-30201-8_35.
"""

from dataclasses import dataclass, field
from random import Random

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.errors import InternalError
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.cpsat.crew import Crew
from gapweave.solver.cpsat.solvers import deciding, limit
from gapweave.solver.cpsat.window_choice import Outcome, WindowChoice
from gapweave.solver.cpsat.window_model import WindowModel
from gapweave.solver.device_orders import DeviceOrders, OrderGraph
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

SOURCE = "windows"
#: CP-SAT's deterministic units for one window, some tenths of a second: what helps is found in less.
_EFFORT = 0.015
#: The same for building a model, per start to be found.
_WORK_PER_START = 3e-5
#: Windows without a better makespan after which the search gives up, unless it is persistent.
_MOST_FAILURES = 1_000


def improve_by_windows(
    problem: Problem,
    incumbent: Incumbent,
    stopping: Stopping,
    *,
    workers: int,
    seed: int,
    work_limit: float | None = None,
    persistent: bool = False,
) -> None:
    """Improve the incumbent until it meets its bound, nothing helps any more, or it is time to stop.

    With one worker the same windows follow each other every time, unless the time is over.

    Parameters
    ----------
    work_limit
        Deterministic units of CP-SAT after which to stop.
    persistent
        Whether to go on until it is time to stop, however long nothing helps.
    """
    if incumbent.starts is None or incumbent.is_optimal or stopping:
        return
    orders = OrderGraph(problem).read(incumbent.starts)
    if orders is None:
        raise InternalError("the order of tasks in the best schedule does not admit its times")
    most_failures = None if persistent else _MOST_FAILURES
    search = _WindowSearch(incumbent, orders, Random(seed), work_limit, most_failures)
    search.run(stopping, workers, SOURCE)


@dataclass(frozen=True)
class _Answer:
    """What CP-SAT made of a window, in how many deterministic units; ``found`` as `WindowModel.answer`."""

    work: float = 0.0
    was_solved: bool = False
    gave_up: bool = False
    found: tuple[dict[int, Int64Array], Int64Array] | None = None


@dataclass
class _WindowSearch(Crew):
    """Threads that each free one window at a time of the schedule they share."""

    incumbent: Incumbent
    orders: DeviceOrders
    rng: Random
    work_limit: float | None
    most_failures: int | None
    work: float = 0.0
    failures: int = 0
    choice: WindowChoice = field(init=False)

    def __post_init__(self) -> None:
        self.choice = WindowChoice(self.rng, len(self.orders.graph.free_tasks))
        self.incumbent.offer(self.orders.starts, SOURCE)

    def take_turn(self, stopping: Stopping) -> bool:
        """Free one window and keep what CP-SAT finds; returns whether to go on."""
        with self.lock:
            if self.is_over or self._is_exhausted():
                return False
            orders, kind = self.orders, self.choice.kind()
            window = kind.shape(orders, self.rng, self.choice.draw_size(kind))
            demand = self.choice.demand(kind, orders.makespan - self.incumbent.lower_bound)
            rng = Random(self.rng.random())
            self.failures += 1
        if window is None:
            return True
        model = WindowModel(window, demand, rng)
        answer = self._solve(model, rng, stopping)
        with self.lock:
            if self.is_over:
                return False
            better, helped = self._keep(orders, answer.found) if answer.found else (False, False)
            cost = answer.work + _WORK_PER_START * model.size
            self.work += cost
            self.failures = 0 if better else self.failures
            self.choice.learn(kind, Outcome(cost, answer.was_solved, answer.gave_up, helped, better))
        return True

    def _is_exhausted(self) -> bool:
        if self.incumbent.is_optimal:
            return True
        if self.work_limit is not None and self.work >= self.work_limit:
            return True
        return self.most_failures is not None and self.failures >= self.most_failures

    def _solve(self, model: WindowModel, rng: Random, stopping: Stopping) -> _Answer:
        """Let CP-SAT look for starts; mostly there are none, since more is asked than is known to exist."""
        cp = model.build()
        if cp is None:
            return _Answer()
        solver = deciding(rng.randrange(2**31))
        limit(solver, _EFFORT, model.size, stopping)
        status = self.ask(solver, cp)
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        return _Answer(
            solver.work,
            True,
            status in (cp_model.UNKNOWN, None),
            model.answer(solver) if found else None,
        )

    def _keep(self, seen: DeviceOrders, found: tuple[dict[int, Int64Array], Int64Array]) -> tuple[bool, bool]:
        """Keep new orders if they are no worse; returns whether they are better, and kept at all."""
        segments, starts = found
        if seen is not self.orders and not self._still_apply(segments):
            return False, False
        orders = self.orders.with_segments(segments, starts)
        if orders is None or orders.makespan > self.orders.makespan:
            return False, False
        if not self.incumbent.problem.admits(orders.starts):
            return False, False
        self.orders = orders
        return self.incumbent.offer(orders.starts, SOURCE), True

    def _still_apply(self, segments: dict[int, Int64Array]) -> bool:
        """Whether other windows have left the same tasks where these segments are."""
        return all(
            (np.sort(self.orders.order[first : first + len(nodes)]) == np.sort(nodes)).all()
            for first, nodes in segments.items()
        )
