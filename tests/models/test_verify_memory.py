from typing import Any

import pytest
from schedule_factory import build_schedule, claimed, make_instance, uniform_job, with_capacity

from gapweave.models.memory import peak_memory
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask, Task
from gapweave.models.verify import Violation, verify


def one_stage(microbatches: int, memory: dict[str, int], **more: Any) -> dict[str, Any]:
    stage = {"device": 0, "forward": 2, "backward": 2, "memory": memory} | more
    return {"microbatches": microbatches, "stages": [stage]}


def in_order(job: dict[str, Any], capacity: int, *tasks: tuple[str, int], **header: Any) -> Schedule:
    """One device that runs these tasks of 2 ticks back to back."""
    rows = [ScheduledTask(0, 0, kind, 0, m, 0, 2 * n, 2 * n + 2) for n, (kind, m) in enumerate(tasks)]
    return claimed(make_instance(job, devices=1, capacity=capacity), (1,), rows, **header)


def of_rule_5(schedule: Schedule) -> list[Violation]:
    return [violation for violation in verify(schedule) if violation.rule == "5"]


def test_a_claim_counts_from_the_start_and_a_release_from_the_end_and_releases_come_first() -> None:
    job = one_stage(2, {"forward": 3, "backward": -3})
    apart = (("F", 0), ("B", 0), ("F", 1), ("B", 1))
    together = (("F", 0), ("F", 1), ("B", 0), ("B", 1))
    assert verify(in_order(job, 3, *apart)) == []
    assert verify(in_order(job, 6, *together)) == []
    (violation,) = verify(in_order(job, 5, *together))
    assert (violation.rule, violation.task) == ("5", Task(0, 0, "F", 0, 1))
    assert (violation.device, violation.time) == (0, 2)
    assert "holds 6 of 5" in violation.message


def test_a_backward_may_claim_and_then_its_weight_task_releases_all() -> None:
    job = one_stage(1, {"forward": 3, "backward": 2, "weight": -5}, weight=2)
    tasks = (("F", 0), ("B", 0), ("W", 0))
    assert verify(in_order(job, 5, *tasks)) == []
    (violation,) = verify(in_order(job, 4, *tasks))
    assert (violation.task, violation.time) == (Task(0, 0, "B", 0, 0), 2)


def test_resident_memory_counts_always_and_once() -> None:
    job = one_stage(1, {"resident": 4, "forward": 1, "backward": -1})
    tasks = (("F", 0), ("B", 0))
    assert verify(in_order(job, 5, *tasks)) == []
    assert [violation.rule for violation in verify(in_order(job, 4, *tasks))] == ["5"]


def test_resident_memory_alone_may_be_too_much() -> None:
    schedule = in_order(one_stage(1, {"resident": 4}), 3, ("F", 0), ("B", 0))
    (violation,) = verify(schedule)
    assert (violation.rule, violation.task, violation.device, violation.time) == ("5", None, 0, 0)


def test_only_the_first_overrun_and_the_peak_of_a_device_are_reported() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 8), devices=2), "gpipe")
    first, second = verify(with_capacity(schedule, 2, 8))[0], verify(with_capacity(schedule, 8, 8))
    assert second == []
    assert (first.device, first.time, first.task) == (0, 2, Task(0, 0, "F", 0, 2))
    assert "at worst 8 at time 7" in first.message
    assert len(verify(with_capacity(schedule, 2, 2))) == 2


def test_all_jobs_share_the_capacity_of_a_device() -> None:
    jobs = uniform_job(1, 1), uniform_job(1, 1)
    rows = [
        ScheduledTask(0, 0, "F", 0, 0, 0, 0, 1),
        ScheduledTask(1, 0, "F", 0, 0, 0, 1, 2),
        ScheduledTask(0, 0, "B", 0, 0, 0, 2, 4),
        ScheduledTask(1, 0, "B", 0, 0, 0, 4, 6),
    ]
    schedule = claimed(make_instance(*jobs, devices=1), (1, 1), rows)
    assert verify(with_capacity(schedule, 2)) == []
    assert [violation.rule for violation in verify(with_capacity(schedule, 1))] == ["5"]


@pytest.mark.parametrize("shift", [0, 1, 7, 8, 15, 16, 100])
def test_in_steady_state_all_live_steps_count(shift: int) -> None:
    """Stage 1 returns the microbatch 14 ticks after it left: with T = 8, stage 0 holds two steps' at once."""
    stages = [
        {"device": s, "forward": 2, "backward": 2, "memory": {"forward": 1, "backward": -1}} for s in range(2)
    ]
    job = {"microbatches": 1, "stages": stages}
    rows = [
        ScheduledTask(0, 0, "F", 0, 0, 0, shift, shift + 2),
        ScheduledTask(0, 0, "F", 1, 0, 1, shift + 2, shift + 4),
        ScheduledTask(0, 0, "B", 1, 0, 1, shift + 4, shift + 6),
        ScheduledTask(0, 0, "B", 0, 0, 0, shift + 12, shift + 14),
    ]
    schedule = claimed(make_instance(job, devices=2), (1,), rows, period=8)
    assert peak_memory(schedule) == (2, 1)
    assert of_rule_5(with_capacity(schedule, 2, 1)) == []
    (violation,) = of_rule_5(with_capacity(schedule, 1, 1))
    assert (violation.device, violation.time) == (0, shift % 8)
    assert violation.task == Task(0, 0, "F", 0, 0)
