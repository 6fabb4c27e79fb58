"""From orders to times: as early as possible, or a word about the deadlock."""

import numpy as np
import pytest
from hypothesis import given
from random_problems import instances, law
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.timing import earliest_starts


def orders_of(schedule: Schedule, arrays: TaskArrays) -> list[list[int]]:
    """Each device's nodes in the order of a schedule."""
    numbers = {arrays.task(node): node for node in range(arrays.task_count)}
    return [[numbers[row.task] for row in rows] for rows in schedule.tasks_by_device]


@law
@given(instances())
def test_earliest_starts_are_those_of_a_schedule_without_pauses(instance: Instance) -> None:
    arrays, packed = TaskArrays.build(instance), build_schedule(instance)
    starts = earliest_starts(arrays, orders_of(packed, arrays))
    expected = {row.task: row.start for row in packed.tasks}
    assert {
        arrays.task(node): start for node, start in enumerate(starts[: arrays.task_count].tolist())
    } == expected


@law
@given(instances())
def test_pauses_of_a_schedule_are_squeezed_out(instance: Instance) -> None:
    arrays = TaskArrays.build(instance)
    lazy, packed = build_schedule(instance, delay=lambda: 3), build_schedule(instance)
    squeezed, expected = (earliest_starts(arrays, orders_of(schedule, arrays)) for schedule in (lazy, packed))
    assert np.array_equal(squeezed, expected)


def test_orders_that_contradict_the_pipeline_deadlock() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(1, 1), devices=1))
    with pytest.raises(NotApplicable, match="deadlock"):
        earliest_starts(arrays, [[1, 0]])


def test_orders_of_two_devices_may_contradict_each_other() -> None:
    """Device 0 wants microbatch 1's forward first, device 1 wants microbatch 0's backward first."""
    arrays = TaskArrays.build(make_instance(uniform_job(2, 2), devices=2))
    crossed = [[1, 5, 0, 4], [2, 6, 3, 7]]
    with pytest.raises(NotApplicable, match="deadlock"):
        earliest_starts(arrays, crossed)


def test_an_order_that_leaves_out_a_task_is_refused() -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(1, 2), devices=1))
    with pytest.raises(NotApplicable):
        earliest_starts(arrays, [[0, 1, 2]])
