"""Bounds beside a primary, pinned or within its limit: never above the optimum, and often equal to it."""

from random import Random
from typing import Any

import pytest
from brute_force import least_makespan
from hypothesis import given
from hypothesis import strategies as st
from random_problems import dispatch_rules, law
from schedule_factory import as_fill, build_schedule, make_instance, uniform_job
from tiny_instances import tiny_case

from gapweave.models.bounds import Windows, reprove
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary
from gapweave.models.task import Task
from gapweave.models.verify import verify
from gapweave.solver.bounds.idle_intervals import most_overfull
from gapweave.solver.heuristics import heuristic
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.solve import solve

CASES = 240
CHUNK = 60
MOST_TASKS = 18


def pinned_cases(first: int, count: int = CHUNK) -> dict[int, tuple[Instance, Primary, int]]:
    """Tiny instances, a primary with pauses that keeps memory, and the optimum beside it, by seed."""
    cases = {}
    for seed in range(first, first + count):
        rng, instance = Random(seed), tiny_case(seed).instance
        if len(instance.jobs) < 2 or instance.task_count > MOST_TASKS:
            continue
        most = rng.choice([0, 1, 3, 6])
        policy = rng.choice(["1f1b", "gpipe", "one-by-one"])
        own = build_schedule(instance.with_jobs(0), policy, delay=lambda: rng.randint(0, most))  # noqa: B023
        primary = as_fill(own).primary
        if verify(own) or primary is None:
            continue
        optimum = least_makespan(instance, starts_of(primary))
        if optimum is not None:
            cases[seed] = (instance, primary, optimum)
    return cases


def limited_cases(first: int) -> dict[int, tuple[Instance, Primary, int]]:
    """Tiny instances, a limit for the primary, and the optimum under it, by seed."""
    cases = {}
    for seed in range(first, first + CHUNK):
        instance = tiny_case(seed).instance
        if len(instance.jobs) < 2 or instance.task_count > MOST_TASKS:
            continue
        alone = least_makespan(instance.with_jobs(0))
        if alone is None:
            continue
        limit = alone + alone * Random(seed).choice([0, 0, 10, 25]) // 100
        optimum = least_makespan(instance, primary_limit=limit)
        if optimum is not None:
            cases[seed] = (instance, Primary(source="test", makespan=alone, limit=limit), optimum)
    return cases


def starts_of(primary: Primary) -> dict[Task, int]:
    assert primary.tasks is not None
    return {Task(0, 0, kind, stage, number): start for kind, stage, number, start in primary.tasks}


def windows_of(problem: Problem) -> Windows:
    assert problem.windows is not None
    return problem.windows


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_no_bound_exceeds_the_optimum_beside_the_primary(first: int) -> None:
    tight = []
    cases = pinned_cases(first)
    for seed, (instance, primary, optimum) in cases.items():
        bound = Problem(instance, "fill", primary).bound.value
        assert bound <= optimum, f"seed {seed}"
        tight.append(bound == optimum)
    assert sum(tight) > 0.8 * len(tight)


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_what_can_be_scheduled_is_never_overfull(first: int) -> None:
    for seed, (instance, primary, optimum) in pinned_cases(first).items():
        windows = windows_of(Problem(instance, "fill", primary))
        excesses = [most_overfull(windows, makespan).excess for makespan in range(optimum, optimum + 6)]
        assert max(excesses) <= 0, f"seed {seed}"


@pytest.mark.parametrize("first", range(0, CASES, CHUNK))
def test_no_bound_exceeds_the_optimum_within_the_primarys_limit(first: int) -> None:
    raised = 0
    for seed, (instance, primary, optimum) in limited_cases(first).items():
        problem = Problem(instance, "joint", primary)
        assert problem.bound.value <= optimum, f"seed {seed}"
        raised += problem.bound.value > Problem(instance).bound.value
        windows = windows_of(problem)
        least = max(optimum, windows.room.end)
        excesses = [most_overfull(windows, makespan).excess for makespan in range(least, least + 6)]
        assert max(excesses) <= 0, f"seed {seed}"
    assert raised


@law
@given(st.integers(0, CASES - 1), st.data())
def test_every_list_schedule_keeps_the_heads_and_tails_beside_the_primary(
    seed: int, data: st.DataObject
) -> None:
    for instance, primary, _ in pinned_cases(seed, 1).values():
        problem = Problem(instance, "fill", primary)
        rule = data.draw(dispatch_rules(len(instance.jobs)))
        scheduler = ListScheduler(problem.arrays, problem.pinned)
        starts = scheduler.run(rule.keys(problem.paths), rule.limits(problem.paths))
        if starts is None:
            continue
        windows, makespan, free = windows_of(problem), problem.makespan(starts), ~problem.is_pinned
        ends = starts + problem.arrays.duration
        assert (starts >= windows.head)[free].all()
        assert (makespan - ends >= windows.tails(makespan))[free].all()


def test_idle_intervals_that_no_task_fits_into_are_no_use() -> None:
    """Each device is idle for 1 tick after every task of the primary; each task of the other job lasts 2."""
    instance = pulsing()
    primary = alone(instance, 0, heuristic("1f1b")).as_primary()
    assert primary.tasks is not None
    paused = tuple((kind, stage, number, 2 * start) for kind, stage, number, start in primary.tasks)
    pinned = primary.model_copy(update={"tasks": paused, "makespan": 11, "limit": 11})
    bound = Problem(instance, "fill", pinned).bound
    assert (bound.value, bound.bound.argument) == (11 + 3 * 4, "idle-intervals")


def pulsing() -> Instance:
    stage = {"device": 0, "forward": 1, "backward": 1}
    return Instance.from_document(
        {
            "format": "gapweave.instance/1",
            "name": "pulsing",
            "devices": [{"name": "gpu0"}],
            "jobs": [
                {"name": "primary", "microbatches": 3, "stages": [stage]},
                {"name": "other", "microbatches": 3, "stages": [stage | {"forward": 2, "backward": 2}]},
            ],
        }
    )


@pytest.mark.parametrize("promise", [{"mode": "fill"}, {"primary_slack": 0.1}], ids=["fill", "slack"])
def test_a_bound_of_idle_intervals_is_proven_again_from_the_schedule(promise: dict[str, Any]) -> None:
    instance = make_instance(uniform_job(3, 3), uniform_job(3, 3, 3, 4), devices=3)
    schedule = solve(instance, time_limit=5, workers=1, **promise)
    bound = Problem(instance, schedule.mode, schedule.primary).bound
    assert bound.bound.argument == "idle-intervals"
    claimed = schedule.model_copy(update={"lower_bound": bound.value, "bound": bound.bound})
    assert reprove(claimed).proven is True
    assert reprove(claimed.model_copy(update={"lower_bound": bound.value + 1})).proven is False
