"""The best bound that needs no search: which argument wins, and that each one holds."""

from typing import Any

import pytest
from hypothesis import given
from random_problems import instances, law
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.bounds import reprove
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, Schedule
from gapweave.solver.bounds import ProvenBound, critical_path, device_load, one_machine
from gapweave.solver.problem import Problem


def claiming(instance: Instance, proposed: ProvenBound) -> Schedule:
    """A schedule as long as any need be, with a bound."""
    claims = {"lower_bound": proposed.value, "bound": proposed.bound, "makespan": instance.horizon}
    return build_schedule(instance).model_copy(update=claims)


def test_one_microbatch_is_bounded_by_its_path() -> None:
    bound = Problem(make_instance(uniform_job(3, 1), devices=3)).bound
    assert (bound.value, bound.bound.argument) == (9, "critical-path")


def test_one_device_is_bounded_by_its_load() -> None:
    bound = Problem(make_instance(uniform_job(1, 7), devices=1)).bound
    assert (bound.value, bound.bound.argument) == (21, "device-load")


def test_two_unequal_pipelines_are_bounded_by_a_device_with_heads_and_tails() -> None:
    """Before the last device's first task there are 3 forwards, and after its last one 3 backwards."""
    bound = Problem(make_instance(uniform_job(4, 8), uniform_job(4, 8, 2, 3), devices=4)).bound
    assert (bound.value, bound.bound.argument) == (8 * 3 + 8 * 5 + 3 * 1 + 3 * 2, "one-machine")


def test_a_late_primary_bounds_a_fill() -> None:
    instance = make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1)
    primary = Primary(source="test", makespan=50, limit=50, tasks=(("F", 0, 0, 0), ("B", 0, 0, 48)))
    bound = Problem(instance, "fill", primary).bound
    assert (bound.value, bound.bound.argument) == (50, "pinned-primary")


@pytest.mark.parametrize("argument", [device_load, critical_path, one_machine])
@law
@given(instance=instances())
def test_every_proposal_is_proven_again(argument: Any, instance: Instance) -> None:
    proposed = argument.propose(Problem(instance).paths)
    verdict = reprove(claiming(instance, proposed))
    assert verdict.proven
    assert verdict.value == proposed.value


@law
@given(instances())
def test_the_best_bound_is_no_smaller_than_any_and_proven_again(instance: Instance) -> None:
    problem = Problem(instance)
    best = problem.bound
    assert all(
        best.value >= argument.propose(problem.paths).value
        for argument in (device_load, critical_path, one_machine)
    )
    verdict = reprove(claiming(instance, best))
    assert (verdict.proven, verdict.value) == (True, best.value)


def test_equal_jobs_that_share_memory_are_bounded_as_one_job() -> None:
    bound = Problem(make_instance(uniform_job(3, 2), uniform_job(3, 2), devices=3, capacity=1)).bound
    assert bound.value == 4 * 9
    assert bound.bound.certificate["merged"] is True
