from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import (
    build_schedule,
    edited,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
)

from gapweave.models.idle import idle_intervals
from gapweave.models.memory import peak_memory
from gapweave.models.metrics import measure, throughput_gain


@given(st.integers(1, 6), st.integers(0, 5), st.integers(1, 9), st.integers(1, 9))
def test_uniform_1f1b_has_the_bubble_rate_of_the_literature(
    stages: int, more: int, forward: int, backward: int
) -> None:
    count = stages + more
    schedule = build_schedule(make_instance(uniform_job(stages, count, forward, backward), devices=stages))
    metrics = measure(schedule)
    assert metrics.bubble_rate == pytest.approx((stages - 1) / (count + stages - 1))
    longest = max(
        max(row.end for row in rows) - min(row.start for row in rows) for rows in schedule.tasks_by_device
    )
    published = 1 - count * (forward + backward) / longest
    assert metrics.stage_span_bubble_rate == pytest.approx(published)
    assert metrics.busy == (count * (forward + backward),) * stages


def test_unused_devices_count_for_the_bubble_rate_and_not_for_the_stage_span_rate() -> None:
    used = measure(build_schedule(make_instance(uniform_job(2, 3), devices=2)))
    spare = measure(build_schedule(make_instance(uniform_job(2, 3), devices=4)))
    assert spare.bubble_rate == pytest.approx((1 + used.bubble_rate) / 2)
    assert spare.stage_span_bubble_rate == used.stage_span_bubble_rate


def test_the_stage_span_ignores_waiting_before_the_first_start() -> None:
    job = uniform_job(2, 1) | {"release": 10}
    metrics = measure(build_schedule(make_instance(job, devices=2)))
    assert metrics.makespan == 16
    assert metrics.stage_span_bubble_rate == pytest.approx(1 - 3 / 6)
    assert metrics.bubble_rate == pytest.approx(1 - 6 / 32)


@given(st.integers(0, 2**32))
def test_the_bubble_rate_is_the_share_of_idle_intervals(seed: int) -> None:
    rng = Random(seed)
    schedule = random_schedule(rng, random_instance(rng))
    metrics = measure(schedule)
    idle = sum(interval.length for interval in idle_intervals(schedule))
    devices = len(schedule.instance.devices)
    assert metrics.bubble_rate == pytest.approx(idle / (devices * metrics.makespan))
    work = sum(job.work * count for job, count in zip(schedule.instance.jobs, schedule.steps, strict=True))
    assert sum(metrics.busy) == work
    assert metrics.job_makespans == schedule.job_makespans
    assert metrics.makespan == schedule.makespan == max(metrics.job_makespans.values())
    assert metrics.peak_memory == peak_memory(schedule)


def test_in_steady_state_the_period_takes_the_place_of_the_makespan() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    late = [row._replace(start=row.start + 5, end=row.end + 5) for row in schedule.tasks]
    metrics = measure(edited(schedule, late, period=12))
    assert metrics.makespan == schedule.makespan == 9
    assert metrics.job_makespans == {"job0": 14}
    assert metrics.bubble_rate == pytest.approx(1 - 12 / 24)


def test_the_header_is_not_believed() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    boasting = schedule.model_copy(update={"makespan": 6, "job_makespans": {"job0": 6}})
    assert measure(boasting) == measure(schedule)


def test_a_schedule_without_tasks_has_no_bubble() -> None:
    schedule = build_schedule(make_instance(uniform_job(2, 2), devices=2))
    metrics = measure(edited(schedule, []))
    assert (metrics.makespan, metrics.bubble_rate, metrics.stage_span_bubble_rate) == (0, 0.0, 0.0)


def test_twice_as_fast_is_a_gain_of_one() -> None:
    assert throughput_gain(makespan=50, sequential=100) == 1.0
    assert throughput_gain(makespan=100, sequential=100) == 0.0
    assert throughput_gain(makespan=125, sequential=100) == pytest.approx(-0.2)
