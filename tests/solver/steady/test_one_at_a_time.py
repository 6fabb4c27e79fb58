"""The schedule that fits whenever any does."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_factory import random_instance

from gapweave.solver.memory_levels import MemoryLevels
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.memory import fits
from gapweave.solver.steady.one_at_a_time import one_at_a_time
from gapweave.solver.steady.retime import rings_of, timed


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), jobs=st.integers(1, 3))
def test_it_fits_into_the_least_memory_in_which_a_microbatch_of_every_job_fits(seed: int, jobs: int) -> None:
    levels = MemoryLevels.of(random_instance(Random(seed), jobs=jobs))
    graph = CyclicGraph.build(levels.at(levels.least))
    orders = one_at_a_time(graph)
    assert fits(graph, orders)
    assert timed(graph, rings_of(graph, orders), at_least=1, at_most=2**40) is not None
