"""The simulation behind the zero-bubble and V schedules: complete, free of deadlocks, within memory."""

from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import Layout, uneven_pipelines, uniform_pipeline
from random_problems import law

from gapweave.models.instance import Instance
from gapweave.models.task_arrays import B, F, TaskArrays, W
from gapweave.solver.heuristics.delayed_weights import UNLIMITED, WeightRule, delayed_weight_orders
from gapweave.solver.heuristics.order_memory import fits_memory
from gapweave.solver.timing import earliest_starts


@st.composite
def pipelines_and_rules(draw: st.DrawFn) -> tuple[Instance, WeightRule, list[float] | None]:
    layout: Layout = draw(st.sampled_from(["line", "interleaved", "v"]))
    instance = draw(uneven_pipelines(layout))
    stages = len(instance.jobs[0].stages)
    in_flight = tuple(draw(st.integers(1, 6)) for _ in range(stages))
    rule = WeightRule(
        in_flight,
        waiting=tuple(draw(st.sampled_from([0, 1, 3, UNLIMITED])) for _ in range(stages)),
        held=draw(st.sampled_from([6, 9, UNLIMITED])),
        patience=draw(st.none() | st.floats(0, 3)),
    )
    nodes = TaskArrays.build(instance).node_count
    keys = draw(st.none() | st.lists(st.floats(-9, 9), min_size=nodes, max_size=nodes))
    return instance, rule, keys


@law
@given(pipelines_and_rules())
def test_any_rule_gives_orders_of_all_tasks_that_fit_into_memory(
    case: tuple[Instance, WeightRule, list[float] | None],
) -> None:
    instance, rule, keys = case
    arrays = TaskArrays.build(instance)
    orders = delayed_weight_orders(arrays, rule, keys)
    assert sorted(node for order in orders for node in order) == list(range(arrays.task_count))
    assert fits_memory(arrays, orders)
    assert (earliest_starts(arrays, orders) >= 0).all()


@law
@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 3), st.integers(1, 5))
def test_no_more_weight_gradients_wait_and_no_more_microbatches_are_in_flight_than_the_rule_allows(
    devices: int, count: int, waiting: int, in_flight: int
) -> None:
    arrays = TaskArrays.build(uniform_pipeline("line", devices, count, (3, 4, 2)))
    rule = WeightRule((in_flight,) * devices, (waiting,) * devices)
    for order in delayed_weight_orders(arrays, rule):
        done = {F: 0, B: 0, W: 0}
        for node in order:
            assert done[B] - done[W] <= waiting + 1
            done[int(arrays.kind[node])] += 1
            assert done[F] - done[B] <= in_flight


def test_a_patient_weight_gradient_does_not_delay_what_is_about_to_come() -> None:
    """Stage 0 waits one tick for the next backward instead of starting a W of nine."""
    arrays = TaskArrays.build(uniform_pipeline("line", 2, 4, (9, 10, 9)))
    starts = {
        patience: earliest_starts(arrays, delayed_weight_orders(arrays, _filling(patience)))
        for patience in (0.0, 1.0)
    }
    backwards = arrays.block(0, B, 0)
    assert backwards is not None
    assert starts[1.0][backwards.first + 1] <= starts[0.0][backwards.first + 1]


def _filling(patience: float) -> WeightRule:
    return WeightRule((2, 1), (UNLIMITED, UNLIMITED), patience=patience)
