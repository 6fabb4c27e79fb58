"""The compiled loops, made ready: ``python -m gapweave.solver.kernels`` compiles them all.

numba compiles a loop when it first runs, and keeps the result on disk for later processes. That takes half a
minute once on a machine; afterwards loading takes less than a second.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache

from gapweave.models.instance import Device, Instance, Job, Stage
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.default_policy import DEFAULT_POLICY
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.order_search import search_orders
from gapweave.solver.problem import Problem
from gapweave.solver.shaving import Refutation, Relaxation
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.cyclic_fill import CyclicFill
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.primary_step import PrimaryStep, primary_pins
from gapweave.solver.steady.reach import freedom
from gapweave.solver.steady.search import CyclicAnnealing
from gapweave.solver.stopping import Stopping

_TINY = Instance(
    name="tiny",
    devices=(Device(name="a"), Device(name="b")),
    jobs=(
        Job(
            name="one",
            microbatches=3,
            stages=tuple(Stage(device=device, forward=1, backward=1, weight=1) for device in (0, 1)),
        ),
    ),
)


#: Seconds between two looks at the clock while loops are compiled.
_POLL = 0.05


class Preparation:
    """Makes compiled loops ready beside other work.

    Parameters
    ----------
    prepare
        One of the functions of this module.
    """

    def __init__(self, prepare: Callable[[], object]) -> None:
        self._thread = threading.Thread(target=self._run, args=(prepare,), name="kernels", daemon=True)
        self._thread.start()

    def wait(self, stopping: Stopping) -> bool:
        """Wait until the loops are ready or it is time to stop; returns whether they are ready."""
        while self._thread.is_alive() and not stopping:
            self._thread.join(_POLL)
        return not self._thread.is_alive()

    def _run(self, prepare: Callable[[], object]) -> None:
        with suppress(Exception):  # whoever uses the loops meets it again, in the main thread
            prepare()


def prepare() -> None:
    """Run every compiled loop once, on tiny instances that the searches do not know to be solved."""
    prepare_windows()
    prepare_shaving()
    _prepare_steady()


@cache
def prepare_lists() -> Incumbent:
    """Run the bounds and the list scheduler; returns a schedule that is not known to be optimal."""
    problem = Problem(_TINY)
    incumbent = Incumbent(problem, Stopping())
    incumbent.lower_bound = 1
    rule = DispatchRule.default(len(_TINY.jobs))
    incumbent.offer(rule.run(ListScheduler(problem.arrays), problem.paths), "list")
    return incumbent


@cache
def prepare_orders() -> None:
    """Run the search on orders as well."""
    incumbent = prepare_lists()
    search_orders(incumbent.problem, incumbent, Stopping(), 0, effort=1)


@cache
def prepare_windows() -> None:
    """Run all that the searches for a short makespan use."""
    from gapweave.solver.cpsat import improve_by_windows  # OR-Tools takes a while to load

    prepare_orders()
    incumbent = prepare_lists()
    improve_by_windows(incumbent.problem, incumbent, Stopping(), workers=1, seed=0, work_limit=0.01)


@cache
def prepare_shaving() -> None:
    """Shave the same instance."""
    incumbent = prepare_lists()
    assert incumbent.makespan is not None
    Refutation(incumbent.problem, Relaxation.of(incumbent.problem), incumbent.makespan).go_on(1)


def _prepare_steady() -> None:
    graph = CyclicGraph.build(_TINY)
    known = SteadyIncumbent(graph, Stopping(), ProvenBound(1, Bound(argument="search")))
    construct(graph, known, Stopping(), 0)
    CyclicAnnealing(graph, known, 0).run(Stopping(), 1, fruitless=1)
    freedom(graph, 1_000)
    _prepare_fill()


def _prepare_fill() -> None:
    other = _TINY.jobs[0].model_copy(update={"name": "other"})
    pair = _TINY.model_copy(update={"jobs": (*_TINY.jobs, other)})
    own = alone(pair, 0, heuristic(DEFAULT_POLICY))
    step = PrimaryStep(own, own.makespan)
    graph = CyclicGraph.build(pair, (2, 1), primary_pins(TaskArrays.build(pair, (2, 1)), step))
    goal = ProvenBound(2 * step.period, Bound(argument="pinned-primary"))
    CyclicFill(graph, step, 0).run(SteadyIncumbent(graph, Stopping(), goal), Stopping(), 1)


if __name__ == "__main__":
    prepare()
