"""Laws that the optimum obeys, whatever the instance."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from random_problems import (
    costly_law,
    scaled,
    tiny_instances,
    with_capacities,
    with_job,
)

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.solve import solve


def optimum(instance: Instance, **options: Any) -> int:
    schedule = solve(instance, workers=1, time_limit=20, **options)
    assert schedule.status == "optimal"
    return schedule.makespan


@costly_law
@given(tiny_instances(), st.integers(2, 1000))
def test_scaling_all_times_scales_the_optimum(instance: Instance, factor: int) -> None:
    assert optimum(scaled(instance, factor)) == factor * optimum(instance)


@costly_law
@given(tiny_instances(), st.data())
def test_more_memory_never_worsens_the_optimum(instance: Instance, data: st.DataObject) -> None:
    more = [
        capacity if capacity is None else capacity + data.draw(st.integers(0, 9))
        for capacity in (device.memory_capacity for device in instance.devices)
    ]
    assert optimum(with_capacities(instance, more)) <= optimum(instance)


@costly_law
@given(tiny_instances(), st.data())
def test_one_more_microbatch_never_improves_the_optimum(instance: Instance, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(instance.jobs) - 1))
    more = with_job(instance, number, microbatches=instance.jobs[number].microbatch_count + 1)
    assert optimum(more) >= optimum(instance)


@costly_law
@given(tiny_instances(), st.data())
def test_leaving_a_job_out_never_worsens_the_optimum(instance: Instance, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(instance.jobs) - 1))
    assert optimum(instance.with_jobs(number)) <= optimum(instance)


@costly_law
@given(tiny_instances())
def test_a_promise_to_the_primary_never_improves_the_optimum(instance: Instance) -> None:
    free = optimum(instance)
    assert optimum(instance, primary_slack=0.5) >= free
    assert optimum(instance, mode="fill", primary="solver") >= free


@costly_law
@given(tiny_instances(), st.integers(0, 2**31 - 1))
def test_the_same_seed_gives_the_same_schedule(instance: Instance, seed: int) -> None:
    schedules = [solve(instance, workers=1, seed=seed, time_limit=20) for _ in range(2)]
    assert schedules[0].tasks == schedules[1].tasks
    assert schedules[0].bound == schedules[1].bound


@costly_law
@given(tiny_instances(), st.sampled_from([{}, {"primary_slack": 0.1}, {"mode": "fill", "primary": "solver"}]))
def test_a_solved_schedule_survives_its_file_format(instance: Instance, options: dict[str, Any]) -> None:
    schedule = solve(instance, workers=1, time_limit=20, **options)
    assert verify(schedule) == []
    assert Schedule.from_document(json.loads(schedule.to_text())) == schedule
