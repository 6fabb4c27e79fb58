"""Schedules as orders of tasks: the times that follow from them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from random_problems import instances, law

from gapweave.models.instance import Instance
from gapweave.models.schedule import SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.device_orders import DeviceOrders, OrderGraph
from gapweave.solver.job_alone import best_alone, in_turn
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule


def read(instance: Instance, is_fill: bool) -> DeviceOrders:
    """The orders of a schedule that runs the jobs one after the other."""
    own = best_alone(instance, 0)
    problem = Problem(instance, "fill", own.as_primary()) if is_fill else Problem(instance)
    jobs = [best_alone(instance, job) for job in range(len(instance.jobs))]
    orders = OrderGraph(problem).read(in_turn(problem.arrays, jobs))
    assert orders is not None
    return orders


@law
@given(instances(), st.booleans())
def test_reading_a_schedule_never_delays_it(instance: Instance, is_fill: bool) -> None:
    orders = read(instance, is_fill)
    problem = orders.graph.problem
    jobs = [best_alone(instance, job) for job in range(len(instance.jobs))]
    assert orders.makespan <= problem.makespan(in_turn(problem.arrays, jobs))
    assert verify(make_schedule(problem, orders.starts, SolverRecord(name="orders"), verify_it=False)) == []


@law
@given(instances())
def test_the_latest_starts_are_a_schedule_of_the_same_makespan(instance: Instance) -> None:
    orders = read(instance, is_fill=False)
    problem, late = orders.graph.problem, orders.latest_starts
    assert (orders.starts <= late).all()
    assert problem.makespan(late) == orders.makespan
    assert verify(make_schedule(problem, late, SolverRecord(name="orders"), verify_it=False)) == []


@law
@given(instances(), st.integers(1, 50))
def test_one_tick_less_than_the_makespan_is_too_late_for_critical_tasks(
    instance: Instance, less: int
) -> None:
    orders = read(instance, is_fill=False)
    late = orders.latest_starts_for(orders.makespan - less)
    assert (late == orders.latest_starts - less).all()
    assert len(orders.critical_tasks)
    assert (late[orders.critical_tasks] < orders.starts[orders.critical_tasks]).all()


@law
@given(instances(), st.booleans())
def test_pinned_tasks_stay_and_the_others_only_move_forward(instance: Instance, is_fill: bool) -> None:
    orders = read(instance, is_fill)
    again = orders.with_segments({}, orders.starts)
    assert again is not None
    assert (again.starts <= orders.starts).all()
    pinned = orders.graph.pinned >= 0
    assert (orders.starts[pinned] == orders.graph.pinned[pinned]).all()


@law
@given(instances(), st.data())
def test_between_two_tasks_is_what_lies_on_paths_of_edges_and_orders(
    instance: Instance, data: st.DataObject
) -> None:
    orders = read(instance, is_fill=False)
    count = len(orders.starts)
    reach = np.eye(count, dtype=bool)
    arrays = orders.graph.problem.arrays
    for node in orders.topological[::-1].tolist():
        followers = [*arrays.edge_target[arrays.edge_source == node].tolist(), int(orders.after[node])]
        for target in followers:
            if target >= 0:
                reach[node] |= reach[target]
    chosen = data.draw(st.lists(st.sampled_from(arrays.edge_source.tolist() or [0]), min_size=1, unique=True))
    expected = reach[chosen].any(axis=0) & reach[:, chosen].any(axis=1)
    expected[chosen] = False
    assert orders.between(np.array(chosen)).tolist() == np.flatnonzero(expected).tolist()
