"""What a search for the least period is told before it begins."""

from schedule_factory import make_instance, uniform_job, zero_idle_period

from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.known import Known
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.known import tell
from gapweave.solver.stopping import Stopping


def told(instance: Instance, known: Known) -> SteadyIncumbent:
    graph = CyclicGraph.build(instance)
    incumbent = SteadyIncumbent(graph, Stopping(), ProvenBound(1, Bound(argument="search")))
    tell(known, graph, incumbent)
    return incumbent


def pair(capacity: int | None) -> Instance:
    return make_instance(uniform_job(4, 4), uniform_job(4, 4), devices=4, capacity=capacity)


def test_a_known_schedule_is_the_first_incumbent() -> None:
    schedule = zero_idle_period(4, 4)
    incumbent = told(schedule.instance, Known((schedule,)))
    assert incumbent.period == 24
    assert incumbent.best is not None
    assert incumbent.best.source == "factory"


def test_a_schedule_counts_for_other_capacities_if_it_fits() -> None:
    known = Known((zero_idle_period(4, 4),))
    assert told(pair(4), known).period == 24
    assert told(pair(None), known).period == 24
    assert told(pair(3), known).period is None


def test_a_known_bound_is_kept_if_it_is_better() -> None:
    bounds = tuple(ProvenBound(value, Bound(argument="search")) for value in (20, 24, 22))
    assert told(pair(4), Known((zero_idle_period(4, 4),), bounds)).is_optimal
