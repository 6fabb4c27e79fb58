from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schedule_factory import (
    claimed,
    make_instance,
    random_instance,
    random_schedule,
    uniform_job,
    with_capacity,
    zero_idle_period,
)

from gapweave.models.bounds import reprove
from gapweave.models.bounds.memory_time import memory_time
from gapweave.models.instance import Instance
from gapweave.models.memory import peak_memory
from gapweave.models.schedule import Bound, Schedule
from gapweave.models.verify import verify


def repeated(seed: int) -> Schedule:
    """A random schedule, one repetition after the other, on devices with just enough memory for it."""
    rng = Random(seed)
    finite = random_schedule(rng, random_instance(rng))
    period = claimed(finite.instance, finite.steps, finite.tasks, period=finite.makespan)
    return with_capacity(period, *peak_memory(period))


@given(st.integers(0, 10_000))
def test_no_schedule_that_keeps_the_rules_is_below_the_bound(seed: int) -> None:
    schedule = repeated(seed)
    if any("release" in str(violation) for violation in verify(schedule)):
        return
    assert verify(schedule) == []
    resident = schedule.instance.resident_memory
    for device, limits in enumerate(schedule.instance.devices):
        if (limits.memory_capacity or 0) > resident[device]:
            assert memory_time(schedule.instance, schedule.steps, device) <= schedule.value


def one_device(capacity: int, *, split: bool) -> Instance:
    weight = {"weight": 4} if split else {}
    memory = {"forward": 10, "backward": -6 if split else -10} | ({"weight": -4} if split else {})
    stage = {"device": 0, "forward": 2, "backward": 3, "memory": memory} | weight
    return make_instance({"microbatches": 5, "stages": [stage]}, devices=1, capacity=capacity)


def test_a_microbatch_holds_its_memory_from_its_forward_to_its_backward() -> None:
    assert memory_time(one_device(10, split=False), (1,), 0) == 5 * (2 + 3)
    assert memory_time(one_device(100, split=False), (2,), 0) == 5  # 2 x 5 x 10 x 5 / 100


def test_what_the_weight_gradient_needs_is_held_until_its_end() -> None:
    assert memory_time(one_device(10, split=True), (1,), 0) == 5 * (10 * 5 + 4 * 4) // 10


def test_it_proves_what_little_memory_costs_on_a_uniform_pipeline() -> None:
    job = uniform_job(8, 8)
    for capacity in (1, 2, 4, 8):
        instance = make_instance(job, job, devices=8, capacity=capacity)
        assert memory_time(instance, (1, 1), 0) == 2 * 8 * 8 * 3 // capacity


@pytest.mark.parametrize(
    ("device", "claimed_value", "proven"), [(0, 24, True), (0, 25, False), (3, 25, False)]
)
def test_check_proves_it_again(device: int, claimed_value: int, proven: bool) -> None:
    bound = Bound(argument="memory-time", certificate={"device": device})
    schedule = zero_idle_period(4, 4).model_copy(update={"lower_bound": claimed_value, "bound": bound})
    assert reprove(schedule).proven is proven


@pytest.mark.parametrize("device", [4, -1])
def test_a_device_that_does_not_exist_proves_nothing(device: int) -> None:
    bound = Bound(argument="memory-time", certificate={"device": device})
    schedule = zero_idle_period(4, 4).model_copy(update={"lower_bound": 24, "bound": bound})
    assert "malformed" in reprove(schedule).message


def test_without_a_limit_memory_bounds_nothing() -> None:
    with pytest.raises(ValueError, match="not limited"):
        memory_time(make_instance(uniform_job(2, 2), devices=2), (1,), 0)
