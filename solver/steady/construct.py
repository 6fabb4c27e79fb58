"""First periodic schedules: streams, dispatch rules, and what heuristics for one step order."""

from collections.abc import Iterable, Iterator

from gapweave.models.errors import NotApplicable
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent, found
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.one_at_a_time import one_at_a_time
from gapweave.solver.steady.overlapped import overlapped_steps
from gapweave.solver.steady.repeated import repeated_orders
from gapweave.solver.steady.retime import NEVER, CyclicOrders, rings_of, timed
from gapweave.solver.steady.rule_search import RuleSearch
from gapweave.solver.steady.stream import streams
from gapweave.solver.stopping import Stopping

#: Periods beyond this multiple of the best one are not worth a closer look.
_TOLERANCE = 1.2
#: Share of the time left that the search over dispatch rules may take.
_RULES_SHARE = 0.3
#: The same for schedules of single steps.
_SINGLE_STEPS_SHARE = 0.2


def construct(
    graph: CyclicGraph, incumbent: SteadyIncumbent, stopping: Stopping, seed: int, threads: int = 1
) -> None:
    """Offer every constructive schedule until one meets the bound or time is up."""
    incumbent.enter("construct")
    _offer_all((("stream", orders) for orders in streams(graph)), graph, incumbent, stopping)
    if stopping or incumbent.is_optimal:
        return
    rules = RuleSearch(graph, incumbent, seed)
    rules.run_usual(stopping)
    single = _of_single_steps(graph, incumbent.proven.value)
    _offer_all(single, graph, incumbent, stopping.share(_SINGLE_STEPS_SHARE))
    if incumbent.best is None:
        _offer_all([("one at a time", one_at_a_time(graph))], graph, incumbent, stopping)
    rules.run(stopping.share(_RULES_SHARE), threads)


def _offer_all(
    orders_by_source: Iterable[tuple[str, CyclicOrders]],
    graph: CyclicGraph,
    incumbent: SteadyIncumbent,
    stopping: Stopping,
) -> None:
    for source, orders in orders_by_source:
        if stopping or incumbent.is_optimal:
            return
        if not fits(graph, orders):
            continue
        most = NEVER if incumbent.period is None else int(_TOLERANCE * incumbent.period)
        least = incumbent.proven.value
        rings = rings_of(graph, orders)
        result = timed(graph, rings, at_least=least, at_most=most, hint=orders.times)
        if result is not None:
            incumbent.offer(found(graph, result, source))


def _of_single_steps(graph: CyclicGraph, least: int) -> Iterator[tuple[str, CyclicOrders]]:
    if max(graph.arrays.steps) == 1:
        yield from _of_heuristics(graph)
    for orders in overlapped_steps(graph, least):
        yield "overlapped steps", orders


def _of_heuristics(graph: CyclicGraph) -> Iterator[tuple[str, CyclicOrders]]:
    """Orders of schedules of one step, repeated."""
    for name in heuristics():
        try:
            starts = heuristic(name).plan(graph.arrays).starts
        except NotApplicable:
            continue
        yield name, repeated_orders(graph, starts)
