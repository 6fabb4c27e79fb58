from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import (
    Policy,
    build_schedule,
    claimed,
    edited,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
)

from gapweave.models.errors import InvalidOption
from gapweave.models.idle import IdleInterval, idle_intervals
from gapweave.models.schedule import Schedule
from gapweave.models.task import ScheduledTask

durations = st.integers(1, 9)
pipelines = st.tuples(st.integers(1, 6), st.integers(0, 5), durations, durations)


def uniform(policy: Policy, stages: int, microbatches: int, forward: int, backward: int) -> Schedule:
    job = uniform_job(stages, microbatches, forward, backward)
    return build_schedule(make_instance(job, devices=stages), policy)


def spans(*candidates: tuple[int, int, int, str]) -> list[IdleInterval]:
    return [IdleInterval(*candidate) for candidate in candidates if candidate[1] < candidate[2]]  # type: ignore[arg-type]


@given(pipelines)
def test_gpipe_waits_for_its_first_forward_its_first_backward_and_the_end(
    pipeline: tuple[int, int, int, int],
) -> None:
    stages, more, forward, backward = pipeline
    count = stages + more
    schedule = uniform("gpipe", stages, count, forward, backward)
    makespan = (count + stages - 1) * (forward + backward)
    assert schedule.makespan == makespan
    turn = (count + stages - 1) * forward
    assert idle_intervals(schedule) == [
        interval
        for s in range(stages)
        for interval in spans(
            (s, 0, s * forward, "warm-up"),
            (s, (s + count) * forward, turn + (stages - 1 - s) * backward, "warm-up"),
            (s, makespan - s * backward, makespan, "drain"),
        )
    ]


@given(pipelines)
def test_1f1b_waits_once_before_its_first_backward_and_then_between_its_last_backwards(
    pipeline: tuple[int, int, int, int],
) -> None:
    stages, more, forward, backward = pipeline
    count = stages + more
    schedule = uniform("1f1b", stages, count, forward, backward)
    makespan = (count + stages - 1) * (forward + backward)
    assert schedule.makespan == makespan
    expected = []
    for s in range(stages):
        first = stages * forward + (stages - 1 - s) * backward
        expected += spans((s, 0, s * forward, "warm-up"), (s, stages * forward, first, "warm-up"))
        for m in range(count - stages + s + 1, count):
            start = first + m * (forward + backward)
            expected += spans((s, start - forward, start, "drain"))
        expected += spans((s, makespan - s * backward, makespan, "drain"))
    assert idle_intervals(schedule) == expected


@pytest.mark.parametrize("policy", ["gpipe", "1f1b"])
@given(pipeline=pipelines)
def test_every_device_idles_for_one_forward_and_backward_per_other_stage(
    policy: Policy, pipeline: tuple[int, int, int, int]
) -> None:
    stages, more, forward, backward = pipeline
    idle = [0] * stages
    for interval in idle_intervals(uniform(policy, stages, stages + more, forward, backward)):
        idle[interval.device] += interval.length
    assert idle == [(stages - 1) * (forward + backward)] * stages


@given(st.integers(0, 2**32), st.booleans())
def test_idle_and_busy_time_tile_the_whole_makespan_or_period(seed: int, repeated: bool) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    jobs = rng.choice([None, {0}])
    rows = [row for row in schedule.tasks if jobs is None or row.job in jobs]
    horizon = max(row.end for row in rows)
    if repeated:
        horizon = max(row.end for row in schedule.tasks) + rng.randint(0, 3)
        shift = rng.randint(0, 2 * horizon)
        shifted = [row._replace(start=row.start + shift, end=row.end + shift) for row in schedule.tasks]
        schedule = edited(schedule, shifted, period=horizon)
        rows = [row for row in schedule.tasks if jobs is None or row.job in jobs]
    for device in range(len(schedule.instance.devices)):
        idle = [interval for interval in idle_intervals(schedule, jobs) if interval.device == device]
        idle_ticks = [tick for interval in idle for tick in range(interval.start, interval.end)]
        busy_ticks = [
            tick % horizon for row in rows if row.device == device for tick in range(row.start, row.end)
        ]
        assert sorted(idle_ticks + busy_ticks) == list(range(horizon))
        assert all(a.end < b.start for a, b in pairwise(idle)), "intervals are maximal"


def test_an_interval_between_the_first_backward_and_the_last_forward_is_steady() -> None:
    job = {"microbatches": 2, "stages": [{"device": 0, "forward": 1, "backward": 1}]}
    rows = [
        ScheduledTask(0, 0, kind, 0, m, 0, start, start + 1)
        for kind, m, start in [("F", 0, 2), ("B", 0, 4), ("F", 1, 6), ("B", 1, 8)]
    ]
    schedule = claimed(make_instance(job, devices=1), (1,), rows)
    assert idle_intervals(schedule) == spans(
        (0, 0, 2, "warm-up"), (0, 3, 4, "warm-up"), (0, 5, 6, "steady"), (0, 7, 8, "drain")
    )


def test_a_device_without_tasks_of_the_jobs_considered_is_unused() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 1), uniform_job(1, 3), devices=3))
    primary = schedule.job_makespans["job0"]
    assert IdleInterval(2, 0, schedule.makespan, "unused") in idle_intervals(schedule)
    assert IdleInterval(2, 0, primary, "unused") in idle_intervals(schedule, [0])
    secondary = schedule.job_makespans["job1"]
    assert IdleInterval(1, 0, secondary, "unused") in idle_intervals(schedule, [1])


def test_the_secondary_runs_in_intervals_that_the_primary_leaves_idle() -> None:
    schedule = build_schedule(make_instance(uniform_job(3, 4), uniform_job(3, 2), devices=3), offsets=(0, 3))
    horizon = schedule.job_makespans["job0"]
    idle = idle_intervals(schedule, [0])
    inside = [row for row in schedule.tasks if row.job == 1 and row.end <= horizon]
    assert inside
    for row in inside:
        assert any(gap.device == row.device and gap.start <= row.start and row.end <= gap.end for gap in idle)


def test_in_steady_state_intervals_are_steady_and_split_at_the_period() -> None:
    job = {"microbatches": 1, "stages": [{"device": 0, "forward": 2, "backward": 2}]}
    rows = [ScheduledTask(0, 0, "F", 0, 0, 0, 9, 11), ScheduledTask(0, 0, "B", 0, 0, 0, 14, 16)]
    schedule = claimed(make_instance(job, devices=2), (1,), rows, period=10)
    assert idle_intervals(schedule) == spans((0, 1, 4, "steady"), (0, 6, 9, "steady"), (1, 0, 10, "unused"))


@pytest.mark.parametrize("job", [-1, 1])
def test_a_job_that_does_not_exist_is_refused(job: int) -> None:
    schedule = build_schedule(make_instance(uniform_job(1, 1), devices=1))
    with pytest.raises(InvalidOption, match="one of 1 jobs"):
        idle_intervals(schedule, [job])


def test_tasks_that_wrongly_overlap_hide_no_idle_time_and_invent_none() -> None:
    job = {"microbatches": 2, "stages": [{"device": 0, "forward": 9, "backward": 1}]}
    rows = [
        ScheduledTask(0, 0, kind, 0, m, 0, start, end)
        for kind, m, start, end in [("F", 0, 0, 9), ("F", 1, 1, 10), ("B", 0, 2, 3), ("B", 1, 12, 13)]
    ]
    schedule = claimed(make_instance(job, devices=1), (1,), rows)
    assert idle_intervals(schedule) == spans((0, 10, 12, "drain"))
