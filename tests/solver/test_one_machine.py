"""One device's tasks, one after the other: earliest starts rise as far as the rules say, not too far."""

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from random_problems import law

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.shaving.one_machine import raise_starts, steps_per_pass
from gapweave.solver.shaving.relaxation import Arcs, Holds, Relaxation
from gapweave.solver.shaving.scratch import Side

NONE = np.zeros(0, dtype=np.int64)


class Task(NamedTuple):
    """The times between which a task runs."""

    early: int
    duration: int
    due: int


@st.composite
def tasks(draw: st.DrawFn) -> list[Task]:
    """Tasks of one device, often with too little time."""
    rows = st.tuples(st.integers(0, 12), st.integers(0, 5), st.integers(0, 9))
    drawn = draw(st.lists(rows, min_size=1, max_size=6))
    return [Task(early, duration, early + duration + spare) for early, duration, spare in drawn]


def side_of(durations: Sequence[int]) -> Side:
    """One device with tasks of these durations, and nothing between them."""
    count = len(durations)
    arcs = Arcs(np.zeros(count + 1, dtype=np.int64), NONE, NONE)
    one = np.zeros(1, dtype=np.int64)
    holds = Holds(np.zeros(2, dtype=np.int64), NONE, NONE, NONE, one, one)
    pointer, numbers = np.array([0, count]), np.arange(count)
    device = np.zeros(count, dtype=np.int64)
    return Side.of(Relaxation(np.array(durations), device, arcs, arcs, pointer, numbers, holds))


def raised(given_tasks: Sequence[Task]) -> Int64Array | None:
    """Earliest starts once no rule raises one any more; None at a contradiction."""
    early = np.array([task.early for task in given_tasks])
    late = np.array([-task.due for task in given_tasks])
    side = side_of([task.duration for task in given_tasks])
    while (count := raise_starts(side, early, late, 0)) > 0:
        pass
    return None if count < 0 else early


def least_starts(given_tasks: Sequence[Task]) -> list[int] | None:
    """Each task's least start in any sequence, by trying all; None if none is possible."""
    least: list[int] | None = None
    for order in permutations(range(len(given_tasks))):
        starts, end = [0] * len(order), 0
        for number in order:
            starts[number] = max(end, given_tasks[number].early)
            end = starts[number] + given_tasks[number].duration
        if all(start + task.duration <= task.due for start, task in zip(starts, given_tasks, strict=True)):
            least = starts if least is None else list(map(min, least, starts))
    return least


def earliest_end(some: Sequence[Task]) -> int:
    """When a set ends at the earliest: the greatest of its parts' first start and load together."""
    return max(
        min(task.early for task in part) + sum(task.duration for task in part)
        for size in range(1, len(some) + 1)
        for part in combinations(some, size)
    )


@law
@given(tasks())
def test_no_task_is_kept_from_where_some_sequence_has_it(drawn: list[Task]) -> None:
    starts, least = raised(drawn), least_starts(drawn)
    if starts is None:
        assert least is None
    elif least is not None:
        assert (starts <= least).all()


@law
@given(tasks())
def test_nothing_is_left_for_the_rules_to_raise(drawn: list[Task]) -> None:
    starts = raised(drawn)
    if starts is None:
        return
    left = [task._replace(early=int(start)) for task, start in zip(drawn, starts, strict=True)]
    for number, task in enumerate(left):
        others = left[:number] + left[number + 1 :]
        before = [other for other in others if task.early + task.duration > other.due - other.duration]
        assert not before or task.early >= earliest_end(before), "detectable precedences"
        for due in {other.due for other in others if other.due < task.due}:
            some = [other for other in others if other.due <= due]
            assert earliest_end(some) <= due, "overload"
            if earliest_end([*some, task]) > due:
                assert task.early >= earliest_end(some), "edge finding"


def test_steps_are_counted_as_they_are_announced() -> None:
    for count in (1, 2, 3, 8, 9, 40):
        side = side_of([1] * count)
        raise_starts(side, np.zeros(count, dtype=np.int64), np.full(count, -100), 0)
        assert side.scratch.work[0] == steps_per_pass(count)
