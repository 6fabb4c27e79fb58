"""Expected schedules: one job alone under a policy, from durations and the number of microbatches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_problems import law
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import Infeasible, InvalidOption, NotApplicable
from gapweave.models.idle import idle_intervals
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver.expected import expected_schedule

SIZE = st.integers(2, 8)


@law
@given(SIZE, SIZE, st.integers(1, 5), st.integers(1, 5), st.sampled_from(["1f1b", "gpipe"]))
def test_idle_time_of_every_device_is_that_of_the_closed_form(
    stages: int, count: int, forward: int, backward: int, policy: str
) -> None:
    instance = make_instance(uniform_job(stages, count, forward, backward), devices=stages)
    schedule = expected_schedule(instance, policy)
    assert verify(schedule) == []
    idle = [0] * stages
    for gap in idle_intervals(schedule):
        idle[gap.device] += gap.length
    assert idle == [(stages - 1) * (forward + backward)] * stages


@law
@given(SIZE, SIZE)
def test_warm_up_of_device_s_ends_when_the_first_forward_arrives(stages: int, count: int) -> None:
    schedule = expected_schedule(make_instance(uniform_job(stages, count), devices=stages))
    starts = [min(row.start for row in rows) for rows in schedule.tasks_by_device]
    assert starts == list(range(stages))


def test_any_job_can_be_asked_about() -> None:
    instance = make_instance(uniform_job(2, 3), uniform_job(3, 5), devices=3)
    assert expected_schedule(instance, job=1).makespan == (5 + 3 - 1) * 3
    assert list(expected_schedule(instance, job=1).job_makespans) == ["job1"]


def test_the_configuration_tells_the_number_of_microbatches() -> None:
    job = uniform_job(4, 1) | {"microbatches": {"global_batch": 64, "microbatch_size": 4, "data_parallel": 2}}
    assert expected_schedule(make_instance(job, devices=4)).makespan == (8 + 4 - 1) * 3


def test_resident_memory_of_other_jobs_stays_taken() -> None:
    other = uniform_job(2, 1)
    other["stages"][0]["memory"] = {"resident": 6}
    instance = make_instance(uniform_job(2, 5), other, devices=2, capacity=8)
    with pytest.raises(NotApplicable, match="need 5 on 'gpu0', 2 is free"):
        expected_schedule(instance, "gpipe")


def test_an_unknown_policy_and_impossible_memory_are_refused() -> None:
    with pytest.raises(InvalidOption):
        expected_schedule(Instance.load("uniform-p4-m8-k1"), "guess")
    with pytest.raises(Infeasible):
        expected_schedule(make_instance(uniform_job(2, 5), devices=2, capacity=0))
