from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from random_orders import adversarial_schedule
from random_schedules import schedules
from schedule_factory import build_schedule, make_instance, random_instance, random_schedule, uniform_job

from gapweave.executor.dry_run import dry_run
from gapweave.executor.lowering.lower import lower
from gapweave.models.schedule import Schedule


def norm_may_come_late(schedule: Schedule) -> bool:
    """Whether the plan lets the optimizer step, or a next step, of a clipped job begin as the norm is ready.

    It may be known later: the device that puts it together can be in the middle of a task.
    """
    return any(
        job.optimizer_barrier and (steps > 1 or any(stage.optimizer for stage in job.stages))
        for job, steps in zip(schedule.instance.jobs, schedule.steps, strict=True)
    )


def require_no_task_late(schedule: Schedule) -> None:
    """Law: replayed by order, nothing starts later than planned."""
    played = dry_run(schedule, lower(schedule))
    began = {event.action.task: event.begin for event in played.events if event.action.op == "run"}
    for row in schedule.tasks:
        assert began[row.task] <= row.start
    assert played.makespan <= schedule.makespan


def test_no_task_starts_later_than_planned() -> None:
    cases = [adversarial_schedule(seed) for seed in range(300)]
    for seed in range(300):
        rng = Random(seed)
        cases.append(random_schedule(rng, random_instance(rng, jobs=3)))
    in_time = [schedule for schedule in cases if not norm_may_come_late(schedule)]
    assert len(in_time) > 300
    for schedule in in_time:
        require_no_task_late(schedule)


@settings(max_examples=40, deadline=None)
@given(schedules())
def test_schedules_of_every_kind_are_played_in_time(schedule: Schedule) -> None:
    require_no_task_late(schedule)


def test_a_schedule_without_slack_takes_exactly_its_makespan() -> None:
    schedule = build_schedule(make_instance(uniform_job(4, 8), devices=4))
    assert dry_run(schedule, lower(schedule)).makespan == schedule.makespan


def test_every_action_happens_once_per_repetition_and_tasks_of_a_rank_never_overlap() -> None:
    schedule = adversarial_schedule(5)
    programs = lower(schedule)
    played = dry_run(schedule, programs, repetitions=3, spread=0.3)
    for program in programs:
        own = [event for event in played.events if event.rank == program.rank]
        for repetition in range(3):
            actions = [event.action for event in own if event.repetition == repetition]
            assert sorted(map(str, actions)) == sorted(map(str, program.actions))
        assert all(one.end <= after.begin for one, after in pairwise(own))


def test_repetitions_take_no_longer_than_one_after_the_other() -> None:
    for seed in range(40):
        schedule = adversarial_schedule(seed)
        once = dry_run(schedule, lower(schedule)).makespan
        assert once <= dry_run(schedule, lower(schedule), repetitions=3).makespan <= 3 * once


def test_jitter_is_the_same_for_a_seed_and_bounded_by_the_spread() -> None:
    stages = [{"device": device, "forward": 1000, "backward": 2000} for device in range(3)]
    schedule = build_schedule(make_instance({"microbatches": 5, "stages": stages}, devices=3))
    programs, plain = lower(schedule), schedule.makespan
    one, same, other = (dry_run(schedule, programs, spread=0.1, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    for event in one.events:
        if event.action.op == "run" and event.action.kind in "FB":
            planned = 1000 if event.action.kind == "F" else 2000
            assert abs(event.end - event.begin - planned) <= 0.1 * planned + 1
    assert 0.9 * plain <= one.makespan <= 1.1 * plain


@pytest.mark.parametrize("rank", [0, 2])
def test_a_slow_rank_delays_all_by_at_most_its_own_work(rank: int) -> None:
    schedule = build_schedule(make_instance(uniform_job(4, 8), devices=4))
    plain = dry_run(schedule, lower(schedule)).makespan
    slow = dry_run(schedule, lower(schedule), slow_rank=rank).makespan
    work = schedule.instance.jobs[0].stages[rank].work * 8
    assert plain < slow <= plain + work


def test_repetitions_settle_into_one_pace() -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 6), devices=3))
    ends = [dry_run(schedule, lower(schedule), repetitions=count).makespan for count in (1, 2, 3, 4)]
    assert ends[2] - ends[1] == ends[3] - ends[2]
