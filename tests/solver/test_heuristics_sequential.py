"""Sequential: job after job, each under the policy that suits it best alone."""

from itertools import pairwise

import pytest
from planning import planned, planned_or_reason
from random_problems import with_job
from schedule_factory import make_instance, uniform_job
from shipped import SMALL_WITH_SEVERAL_JOBS

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.solver.heuristics import heuristic, single_job_policies


def best_makespan_alone(instance: Instance, job: int) -> int:
    policies = [*single_job_policies().values(), heuristic("priority-list")]
    results = [planned_or_reason(instance.with_jobs(job), policy) for policy in policies]
    return min(result.makespan for result in results if isinstance(result, Schedule))


@pytest.mark.parametrize("name", SMALL_WITH_SEVERAL_JOBS)
def test_it_takes_the_sum_of_the_jobs_alone(name: str) -> None:
    instance = Instance.load(name)
    expected = sum(best_makespan_alone(instance, job) for job in range(len(instance.jobs)))
    assert planned(instance, heuristic("sequential")).makespan == expected


def test_no_two_jobs_run_at_the_same_time() -> None:
    instance = make_instance(uniform_job(3, 4), uniform_job(3, 2), uniform_job(2, 5), devices=3)
    schedule = planned(instance, heuristic("sequential"))
    spans = [
        (min(row.start for row in rows), max(row.end for row in rows))
        for rows in ([row for row in schedule.tasks if row.job == job] for job in range(3))
    ]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_late_release_leaves_the_devices_waiting() -> None:
    instance = make_instance(uniform_job(2, 3), uniform_job(2, 3, release=100), devices=2)
    own = planned(instance.with_jobs(0), heuristic("1f1b")).makespan
    assert planned(instance, heuristic("sequential")).makespan == 100 + own


def test_a_release_that_has_passed_delays_nothing() -> None:
    instance = make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2)
    released = with_job(instance, 1, release=5)
    schedules = [planned(one, heuristic("sequential")) for one in (instance, released)]
    assert schedules[0].tasks == schedules[1].tasks


def test_one_job_alone_is_its_best_policy() -> None:
    instance = make_instance(uniform_job(3, 4), devices=3)
    assert planned(instance, heuristic("sequential")).makespan == best_makespan_alone(instance, 0)
