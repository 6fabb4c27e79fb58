"""Cyclic patterns: what repeats is a feasible schedule, and list schedules that follow it keep every rule."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_problems import instances, law
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.placement import placed
from gapweave.models.schedule import SolverRecord
from gapweave.models.task_arrays import B, F, Int64Array, TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.guide import Guide
from gapweave.solver.heuristics.sequential import Sequential
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.pattern import search_patterns
from gapweave.solver.pattern.finding import coarsened, find_patterns
from gapweave.solver.pattern.guided_search import Climb
from gapweave.solver.pattern.pattern import Pattern, period_counts
from gapweave.solver.pattern.period_model import PeriodModel
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

SPLIT_MEMORY = {"forward": 3, "backward": -2, "weight": -1}


def staged(order: list[int], microbatches: int, *, split: bool) -> dict[str, Any]:
    """A job with unequal stages on these devices; a microbatch in flight holds 1 unit, or 3 if split."""
    job = uniform_job(len(order), microbatches, 3, 4, forward_transfer=1, backward_transfer=1)
    for number, (stage, device) in enumerate(zip(job["stages"], order, strict=True)):
        stage |= {"device": device, "forward": 3 + number % 2, "backward": 4 - number % 2}
        if split:
            stage |= {"weight": 2, "memory": SPLIT_MEMORY}
    return job


def turned(microbatches: int) -> Instance:
    """Two unsplit jobs in opposite order with memory for 5 microbatches."""
    jobs = [staged(order, microbatches, split=False) for order in ([0, 1, 2], [2, 1, 0])]
    return make_instance(*jobs, devices=3, capacity=5)


def parallel(microbatches: int) -> Instance:
    """Two split jobs in the same order, the second with fewer microbatches."""
    jobs = [staged([0, 1, 2], count, split=True) for count in (microbatches, microbatches // 2)]
    return make_instance(*jobs, devices=3, capacity=24)


def folded(microbatches: int) -> Instance:
    """One split job that visits every device twice."""
    return make_instance(staged([0, 1, 1, 0], microbatches, split=True), devices=2, capacity=30)


Family = Callable[[int], Instance]
each_family = pytest.mark.parametrize("family", [turned, parallel, folded])


def load(arrays: TaskArrays, counts: tuple[int, ...]) -> int:
    """Work of one period on the busiest device, in the unit of the tasks."""
    loads = np.zeros(len(arrays.instance.devices), dtype=np.int64)
    for block in arrays.blocks:
        loads[block.device] += counts[block.job] * block.duration
    return int(loads.max())


def exact_pattern(problem: Problem, length: float = 1.2) -> Pattern:
    """A pattern in ticks, so that it can be unrolled."""
    counts = period_counts(tuple(job.microbatch_count for job in problem.instance.jobs))
    period = int(load(problem.arrays, counts) * length)
    found = PeriodModel(problem.arrays, counts, period).find(0.5, 0, Stopping())
    assert found is not None
    return found


@each_family
def test_an_unrolled_pattern_keeps_every_rule(family: Family) -> None:
    problem = Problem(family(12))
    starts = exact_pattern(problem).keys(problem.arrays)
    assert verify(make_schedule(problem, starts, SolverRecord(name="unrolled"), verify_it=False)) == []


@each_family
def test_microbatches_in_flight_are_those_of_the_unrolled_pattern(family: Family) -> None:
    problem = Problem(family(60))
    pattern = exact_pattern(problem)
    starts, arrays = pattern.keys(problem.arrays), problem.arrays
    for job, stage in pattern.backward:
        forward, backward = arrays.block(job, F, stage), arrays.block(job, B, stage)
        begun, ended = starts[list(forward.nodes)], starts[list(backward.nodes)] + backward.duration
        most = max(int((begun <= now).sum() - (ended <= now).sum()) for now in begun)
        assert pattern.in_flight(job, stage) == most


def latency(pattern: Pattern) -> int:
    """Time from each microbatch's first F to its last task, summed up."""
    return sum(
        end - begin
        for (job, kind, stage), ends in pattern.starts.items()
        if stage == 0 and kind != F
        for begin, end in zip(pattern.starts[job, F, 0], ends, strict=True)
    )


@each_family
def test_searching_on_never_lengthens_the_way_through(family: Family) -> None:
    problem = Problem(family(12))
    counts = period_counts(tuple(job.microbatch_count for job in problem.instance.jobs))
    model = PeriodModel(problem.arrays, counts, int(load(problem.arrays, counts) * 1.2))
    found = model.find(0.5, 0, Stopping())
    shorter = model.shorten(0.5, 0, Stopping())
    assert found is not None
    assert shorter is not None
    assert latency(shorter) <= latency(found)


@pytest.mark.parametrize("name", ["zb-6.2b+1.5b-p8-m24-1x", "zb-14.6b+14.6b-p16-m48-1x"])
def test_measured_jobs_in_opposite_order_have_a_pattern_without_idle_time(name: str) -> None:
    problem = Problem(placed(Instance.load(name), "reversed"))
    coarse = coarsened(problem.arrays, load(problem.arrays, (1, 1)) // 120)
    assert next(find_patterns(problem, Stopping(), 0)).period == load(coarse, (1, 1))


def test_no_pattern_is_shorter_than_the_load() -> None:
    problem = Problem(turned(8))
    assert (
        PeriodModel(problem.arrays, (1, 1), load(problem.arrays, (1, 1)) - 1).find(0.5, 0, Stopping()) is None
    )


@pytest.mark.parametrize(
    ("microbatches", "counts"),
    [((24,), (1,)), ((32, 32), (1, 1)), ((24, 12), (2, 1)), ((16, 24, 32), (2, 3, 4)), ((64, 1), (9, 1))],
)
def test_a_period_has_few_microbatches_in_the_ratio_of_all(
    microbatches: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    assert period_counts(microbatches) == counts


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6))
def test_every_job_is_in_the_period(microbatches: list[int]) -> None:
    counts = period_counts(tuple(microbatches))
    assert len(counts) == len(microbatches)
    assert min(counts) >= 1


def test_coarse_tasks_keep_their_precedences_and_never_vanish() -> None:
    arrays = Problem(parallel(8)).arrays
    coarse = coarsened(arrays, 10)
    assert [link[:2] for link in coarse.links] == [link[:2] for link in arrays.links]
    assert all(block.duration == 1 for block in coarse.blocks)


@law
@given(instances(most_jobs=2, most_stages=3, most_microbatches=6), st.integers(0, 3))
def test_schedules_that_follow_a_pattern_keep_every_rule(instance: Instance, seed: int) -> None:
    problem = Problem(instance)
    incumbent = Incumbent(problem, Stopping(1.0))
    search_patterns(problem, incumbent, Stopping(1.0), seed, ListScheduler(problem.arrays))
    assume(incumbent.starts is not None)
    schedule = make_schedule(problem, incumbent.starts, SolverRecord(name="pattern"), verify_it=False)
    assert verify(schedule) == []


@each_family
def test_several_threads_keep_every_rule(family: Family) -> None:
    problem = Problem(family(12))
    incumbent = Incumbent(problem, Stopping())
    search_patterns(problem, incumbent, Stopping(), 0, ListScheduler(problem.arrays), threads=2)
    schedule = make_schedule(problem, incumbent.starts, SolverRecord(name="pattern"), verify_it=False)
    assert verify(schedule) == []


def test_a_pattern_far_from_the_best_schedule_is_given_up() -> None:
    problem = Problem(turned(12))
    near = Incumbent(problem, Stopping(), makespan=problem.bound.value + 1)
    follower = FarFollower(Sequential().plan(problem.arrays).starts)
    Climb(problem, near, follower, 0).run(Stopping())
    assert follower.runs == 50


class FarFollower:
    """Has the same bad schedule for every guide, and counts them."""

    def __init__(self, starts: Int64Array) -> None:
        self.starts, self.runs = starts, 0

    def run(self, _guide: Guide) -> Int64Array:
        """Return the starts."""
        self.runs += 1
        return self.starts


def test_a_search_repeats_itself() -> None:
    problem = Problem(turned(8))

    def found() -> list[int]:
        incumbent = Incumbent(problem, Stopping())
        search_patterns(problem, incumbent, Stopping(), 7, ListScheduler(problem.arrays))
        return incumbent.starts.tolist()

    assert found() == found()


def test_no_pattern_is_sought_where_jobs_are_short_or_time_is_up() -> None:
    short = Problem(turned(2))
    assert list(find_patterns(short, Stopping(), 0)) == []
    assert list(find_patterns(Problem(turned(8)), Stopping(0.0), 0)) == []
