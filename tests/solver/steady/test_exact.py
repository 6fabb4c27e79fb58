"""Proofs of periods: what CP-SAT refutes cell by cell, and that nothing contradicts it."""

from dataclasses import replace

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import InternalError
from gapweave.models.instance import Instance
from gapweave.models.placement import placed
from gapweave.models.schedule import Bound
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.exact import prove
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.search import CyclicAnnealing
from gapweave.solver.stopping import Stopping


def two_jobs(stages: int, microbatches: int, transfer: int = 0) -> Instance:
    own = uniform_job(stages, microbatches) | {
        "forward_transfer": transfer,
        "backward_transfer": transfer,
    }
    return make_instance(own, own, devices=stages)


def searched(instance: Instance) -> SteadyIncumbent:
    graph = CyclicGraph.build(instance, (1, 1))
    incumbent = SteadyIncumbent(graph, Stopping(), period_bound(instance, (1, 1)))
    construct(graph, incumbent, Stopping(2.0), 0)
    CyclicAnnealing(graph, incumbent, 0).run(Stopping(), 1, fruitless=2, work=1.0)
    return incumbent


def proven(instance: Instance) -> SteadyIncumbent:
    incumbent = searched(instance)
    prove(incumbent.graph, incumbent, Stopping(60.0), workers=1, seed=0)
    assert incumbent.is_optimal
    return incumbent


def test_with_as_many_microbatches_as_devices_two_transfers_cannot_be_hidden_on_three() -> None:
    instance = two_jobs(3, 3, transfer=1)
    load = max(CyclicGraph.build(instance).load.tolist())
    assert proven(instance).period == load + 2


def test_opposed_jobs_with_four_microbatches_on_four_devices_idle_an_eighth_of_their_work() -> None:
    assert proven(placed(two_jobs(4, 4), "reversed")).period == 27


def test_without_any_bound_to_begin_with_the_search_proves_the_same_period() -> None:
    instance = two_jobs(3, 2)
    least = proven(instance).period
    incumbent = searched(instance)
    incumbent.proven = replace(incumbent.proven, value=1)
    prove(incumbent.graph, incumbent, Stopping(60.0), workers=2, seed=0)
    assert (incumbent.period, incumbent.proven.value) == (least, least)


def test_a_bound_above_a_known_schedule_is_an_error_of_the_solver() -> None:
    incumbent = searched(two_jobs(2, 2))
    assert incumbent.period is not None
    with pytest.raises(InternalError, match="is known; please report"):
        incumbent.raise_bound(incumbent.period + 1, Bound(argument=SEARCH))


def test_a_schedule_below_what_was_refuted_is_an_error_of_the_solver() -> None:
    incumbent = searched(two_jobs(2, 2))
    assert incumbent.best is not None
    known, incumbent.elite = incumbent.best, []
    incumbent.raise_bound(known.period + 1, Bound(argument=SEARCH))
    with pytest.raises(InternalError, match="is known; please report"):
        incumbent.offer(known)
