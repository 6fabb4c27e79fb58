from random import Random

from hypothesis import given
from hypothesis import strategies as st
from rule_simulator import simulated_levels
from schedule_factory import (
    build_schedule,
    edited,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
)

from gapweave.models.memory import memory_profile, peak_memory
from gapweave.models.schedule import Schedule


def level_at(schedule: Schedule, device: int, time: int) -> int:
    return [level for instant, level in memory_profile(schedule, device) if instant <= time][-1]


def test_the_profile_begins_with_the_resident_memory() -> None:
    job = uniform_job(2, 1)
    job["stages"][1]["memory"] = {"resident": 7, "forward": 2, "backward": -2}
    schedule = build_schedule(make_instance(job, devices=2))
    assert memory_profile(schedule, 1) == [(0, 7), (1, 9), (4, 7)]


def test_a_device_without_tasks_holds_its_resident_memory() -> None:
    schedule = build_schedule(make_instance(uniform_job(1, 1), devices=2))
    assert memory_profile(schedule, 1) == [(0, 0)]
    assert peak_memory(schedule) == (1, 0)


@given(st.integers(0, 2**32), st.booleans())
def test_the_profile_is_the_simulated_level_at_every_tick(seed: int, repeated: bool) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    if repeated:
        schedule = edited(schedule, schedule.tasks, period=rng.randint(1, schedule.makespan))
    levels = simulated_levels(schedule)
    for device, by_tick in enumerate(levels):
        assert {time: level_at(schedule, device, time) for time in by_tick} == by_tick
    assert peak_memory(schedule) == tuple(max(by_tick.values()) for by_tick in levels)


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 8))
def test_gpipe_holds_all_microbatches_and_1f1b_as_many_as_stages_follow(
    seed: int, stages: int, microbatches: int
) -> None:
    rng = Random(seed)
    instance = make_instance(
        uniform_job(stages, microbatches, rng.randint(1, 4), rng.randint(1, 4)), devices=stages
    )
    assert peak_memory(build_schedule(instance, "gpipe")) == (microbatches,) * stages
    in_flight = tuple(min(microbatches, stages - s) for s in range(stages))
    assert peak_memory(build_schedule(instance, "1f1b")) == in_flight
