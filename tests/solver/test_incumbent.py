"""The incumbent keeps what is better, and nothing else."""

import numpy as np
import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.schedule import Bound, Primary
from gapweave.solver.incumbent import Incumbent, Progress
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

SEARCHED = Bound(argument="search")


@pytest.fixture
def seen() -> list[Progress]:
    return []


@pytest.fixture
def incumbent(seen: list[Progress]) -> Incumbent:
    """Of two tasks on one device: F takes 1, B takes 2."""
    problem = Problem(make_instance(uniform_job(1, 1), devices=1))
    return Incumbent(problem, Stopping(), seen.append)


def starts(forward: int, backward: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return np.array([forward, backward], dtype=np.int64)


def test_the_first_schedule_is_kept(incumbent: Incumbent, seen: list[Progress]) -> None:
    assert incumbent.offer(starts(0, 5), "somebody")
    assert (incumbent.makespan, incumbent.source) == (7, "somebody")
    assert [(progress.makespan, progress.lower_bound) for progress in seen] == [(7, 3)]


def test_only_a_shorter_one_replaces_it(incumbent: Incumbent, seen: list[Progress]) -> None:
    incumbent.offer(starts(0, 5), "first")
    assert not incumbent.offer(starts(1, 5), "equal")
    assert not incumbent.offer(starts(0, 6), "longer")
    assert not incumbent.offer(None, "nothing")
    assert incumbent.offer(starts(0, 4), "shorter")
    assert incumbent.source == "shorter"
    assert len(seen) == 2


def test_the_best_of_each_source_is_remembered(incumbent: Incumbent) -> None:
    for source, backward in (("one", 4), ("other", 6), ("other", 5), ("other", 7)):
        incumbent.offer(starts(0, backward), source)
    assert {source: found.makespan for source, found in incumbent.by_source.items()} == {"one": 6, "other": 7}
    assert incumbent.by_source["other"].starts.tolist() == [0, 5]


def test_meeting_the_bound_is_optimal(incumbent: Incumbent) -> None:
    assert not incumbent.is_optimal
    incumbent.offer(starts(0, 1), "best")
    assert incumbent.is_optimal


def test_bounds_only_rise(incumbent: Incumbent, seen: list[Progress]) -> None:
    begin = incumbent.bound
    incumbent.raise_bound(3, SEARCHED)
    incumbent.raise_bound(1, SEARCHED)
    assert (incumbent.lower_bound, incumbent.bound, seen) == (3, begin, [])
    incumbent.raise_bound(4, SEARCHED)
    assert (incumbent.lower_bound, incumbent.bound, len(seen)) == (4, SEARCHED, 1)


def test_a_schedule_beyond_the_primarys_limit_is_not_kept() -> None:
    promise = Primary(source="test", makespan=3, limit=6)
    incumbent = Incumbent(Problem(make_instance(uniform_job(1, 1), devices=1), "joint", promise), Stopping())
    assert not incumbent.offer(starts(0, 5), "late")
    assert incumbent.offer(starts(0, 4), "in time")


def test_the_gap_is_unknown_without_a_schedule() -> None:
    assert Progress(0.0, "bounds", None, 5).gap is None
    assert Progress(0.0, "bounds", 6, 5).gap == pytest.approx(0.2)
