"""The one-machine bound: the critical set is the best of all pairs of thresholds."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from random_problems import instances, law

from gapweave.models.bounds import heads_and_tails
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.solver.bounds import one_machine
from gapweave.solver.bounds.one_machine import critical_set

TASKS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 5), st.integers(0, 12)), min_size=1, max_size=12
)


def value(
    head: Int64Array, duration: Int64Array, tail: Int64Array, thresholds: tuple[int, int]
) -> int | None:
    """What a pair of thresholds proves; None if no task reaches both."""
    chosen = (head >= thresholds[0]) & (tail >= thresholds[1])
    return thresholds[0] + int(duration[chosen].sum()) + thresholds[1] if chosen.any() else None


def best_of_all_pairs(head: Int64Array, duration: Int64Array, tail: Int64Array) -> int:
    pairs = product(head.tolist(), tail.tolist())
    values = [value(head, duration, tail, thresholds) for thresholds in pairs]
    return max(found for found in values if found is not None)


def preemptive_optimum(head: Int64Array, duration: Int64Array, tail: Int64Array) -> int:
    """Jackson's preemptive schedule, one tick at a time."""
    left, now, end = duration.tolist(), 0, 0
    while any(left):
        ready = [task for task, ticks in enumerate(left) if ticks and head[task] <= now]
        now += 1
        if ready:
            task = max(ready, key=lambda task: tail[task])
            left[task] -= 1
            end = max(end, now + int(tail[task]))
    return end


@law
@given(TASKS)
def test_the_critical_set_beats_all_pairs_of_thresholds(tasks: list[tuple[int, int, int]]) -> None:
    head, duration, tail = (np.array(column, dtype=np.int64) for column in zip(*tasks, strict=True))
    found = value(head, duration, tail, critical_set(head, duration, tail))
    assert found == best_of_all_pairs(head, duration, tail)


@law
@given(TASKS)
def test_the_critical_set_proves_the_preemptive_optimum(tasks: list[tuple[int, int, int]]) -> None:
    head, duration, tail = (np.array(column, dtype=np.int64) for column in zip(*tasks, strict=True))
    found = value(head, duration, tail, critical_set(head, duration, tail))
    assert found == preemptive_optimum(head, duration, tail)


@law
@given(instances())
def test_the_bound_is_the_best_of_all_devices(instance: Instance) -> None:
    arrays = TaskArrays.build(instance)
    paths = heads_and_tails(arrays)
    used = (np.flatnonzero(arrays.device == device) for device in range(len(instance.devices)))
    values = [
        best_of_all_pairs(paths.head[nodes], arrays.duration[nodes], paths.tail[nodes])
        for nodes in used
        if len(nodes)
    ]
    assert one_machine.propose(paths).value == max(values)
