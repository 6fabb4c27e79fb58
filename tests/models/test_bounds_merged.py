"""Equal jobs merged into one: which jobs are equal, and that bounds on the merged job hold for all."""

from typing import Any

import pytest
from schedule_factory import build_schedule, make_instance, uniform_job

from gapweave.models.bounds import heads_and_tails, merge_equal_jobs
from gapweave.models.bounds.reprove import reprove
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import TaskArrays


def test_equal_jobs_become_one_with_all_microbatches() -> None:
    merged = merge_equal_jobs(make_instance(uniform_job(3, 4), uniform_job(3, 7), devices=3))
    assert merged is not None
    assert [job.microbatch_count for job in merged.jobs] == [11]


def test_what_does_not_make_jobs_unequal() -> None:
    one, other = uniform_job(2, 3, release=4), uniform_job(2, 3, optimizer_barrier=True)
    one["stages"] = [stage | {"optimizer": 5} for stage in one["stages"]]
    other["stages"][0]["memory"] = {"resident": 6, "forward": 1, "backward": -1}
    merged = merge_equal_jobs(make_instance(one, other, devices=2))
    assert merged is not None
    (job,) = merged.jobs
    assert job.release == 0
    assert [stage.optimizer for stage in job.stages] == [0, 0]
    assert [stage.memory.resident for stage in job.stages] == [6, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"forward_transfer": 1},
        {"backward_transfer": [2]},
        {"stages": uniform_job(2, 3, 2, 2)["stages"]},
        {"stages": uniform_job(2, 3)["stages"][::-1]},
        {"stages": [stage | {"weight": 1} for stage in uniform_job(2, 3)["stages"]]},
        {"stages": [stage | {"memory": {}} for stage in uniform_job(2, 3)["stages"]]},
    ],
    ids=["forward transfer", "backward transfer", "durations", "devices", "split", "memory"],
)
def test_what_makes_jobs_unequal(change: dict[str, Any]) -> None:
    assert merge_equal_jobs(make_instance(uniform_job(2, 3), uniform_job(2, 3) | change, devices=2)) is None


def test_a_third_job_stays_as_it_is() -> None:
    jobs = uniform_job(2, 3), uniform_job(2, 5, 4, 4), uniform_job(2, 4)
    merged = merge_equal_jobs(make_instance(*jobs, devices=2))
    assert merged is not None
    assert [job.microbatch_count for job in merged.jobs] == [7, 5]


def test_one_job_cannot_be_merged() -> None:
    assert merge_equal_jobs(make_instance(uniform_job(2, 3), devices=2)) is None


def test_two_jobs_that_share_little_memory_are_bounded_as_one() -> None:
    """With memory for one microbatch each device runs them one by one, whichever job they belong to."""
    instance = make_instance(uniform_job(3, 2), uniform_job(3, 2), devices=3, capacity=1)
    apart, merged = TaskArrays.build(instance), merge_equal_jobs(instance)
    assert merged is not None
    together = TaskArrays.build(merged)
    assert heads_and_tails(together).through.max() == 4 * 9
    assert heads_and_tails(apart).through.max() < 4 * 9


def test_a_merged_bound_needs_equal_jobs() -> None:
    certificate = {"device": 0, "merged": True}
    for second, proven in ((uniform_job(2, 3), True), (uniform_job(2, 3, 2, 2), False)):
        schedule = build_schedule(make_instance(uniform_job(2, 3), second, devices=2))
        bound = Bound(argument="device-load", certificate=certificate)
        claimed = schedule.model_copy(update={"lower_bound": 18, "bound": bound})
        assert reprove(claimed).proven is proven
