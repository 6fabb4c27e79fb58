"""Heads, tails and bounds beside exhaustive search and optimal schedules."""

import pytest
from brute_force import earliest_starts, least_makespan
from hypothesis import given
from hypothesis import strategies as st
from random_problems import dispatch_rules, instances, law
from tiny_instances import tiny_case

from gapweave.models.bounds import heads_and_tails, merge_equal_jobs
from gapweave.models.instance import Instance
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem

CASES = 300
CHUNK = 60
#: Enumerating all schedules, not only good ones, takes long beyond this.
MOST_TASKS = 16


def feasible_cases(first: int) -> dict[int, Instance]:
    cases = {seed: tiny_case(seed).instance for seed in range(first, first + CHUNK)}
    return {
        seed: instance
        for seed, instance in cases.items()
        if instance.task_count <= MOST_TASKS and least_makespan(instance) is not None
    }


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_no_task_can_start_before_its_head(first: int) -> None:
    for seed, instance in feasible_cases(first).items():
        arrays, earliest = TaskArrays.build(instance), earliest_starts(instance)
        heads = heads_and_tails(arrays).head.tolist()
        too_late = {
            str(task): (heads[node], earliest[task])
            for node, task in enumerate(map(arrays.task, range(arrays.task_count)))
            if heads[node] > earliest[task]
        }
        assert too_late == {}, f"seed {seed}"


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_no_bound_exceeds_the_optimum(first: int) -> None:
    for seed, instance in feasible_cases(first).items():
        optimum = least_makespan(instance)
        assert optimum is not None
        assert Problem(instance).bound.value <= optimum, f"seed {seed}"


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_merging_equal_jobs_only_relaxes(first: int) -> None:
    """Each case with its first job doubled, so that there is something to merge."""
    for seed, instance in feasible_cases(first).items():
        first_job = instance.jobs[0]
        twin = first_job.model_copy(update={"name": "twin", "microbatches": 1})
        both = instance.model_copy(update={"jobs": (first_job, twin)})
        merged, optimum = merge_equal_jobs(both), least_makespan(both)
        assert merged is not None
        if optimum is not None:
            relaxed = least_makespan(merged)
            assert relaxed is not None
            assert relaxed <= optimum, f"seed {seed}"
            assert Problem(both).bound.value <= optimum, f"seed {seed}"


@law
@given(instances(), st.data())
def test_every_list_schedule_respects_heads_and_tails(instance: Instance, data: st.DataObject) -> None:
    problem = Problem(instance)
    rule = data.draw(dispatch_rules(len(instance.jobs)))
    starts = ListScheduler(problem.arrays).run(rule.keys(problem.paths), rule.limits(problem.paths))
    if starts is None:
        return
    ends = starts + problem.arrays.duration
    assert (starts >= problem.paths.head).all()
    assert (problem.makespan(starts) - ends >= problem.paths.tail).all()
    assert problem.bound.value <= problem.makespan(starts)
