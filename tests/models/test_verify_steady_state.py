"""Two equal jobs that keep every device busy in steady state, strictly synchronous and with tight memory."""

import pytest
from schedule_factory import with_capacity, zero_idle_period

from gapweave.models.idle import idle_intervals
from gapweave.models.memory import memory_profile, peak_memory
from gapweave.models.metrics import measure
from gapweave.models.verify import verify

STAGES = range(4, 17)


@pytest.mark.parametrize("stages", STAGES)
@pytest.mark.parametrize("more", [-1, 0, 5])
def test_the_zero_idle_period_keeps_every_rule_with_the_memory_of_1f1b(stages: int, more: int) -> None:
    schedule = zero_idle_period(stages, stages + more)
    assert verify(schedule) == []
    assert peak_memory(schedule) == tuple(stages - p for p in range(stages))
    assert measure(schedule).bubble_rate == 0
    assert idle_intervals(schedule) == []


@pytest.mark.parametrize("stages", STAGES)
def test_one_unit_of_memory_less_on_any_device_is_too_little(stages: int) -> None:
    schedule = zero_idle_period(stages, stages)
    for device in range(stages):
        capacities = [stages - p - (p == device) for p in range(stages)]
        violations = verify(with_capacity(schedule, *capacities))
        assert [(violation.rule, violation.device) for violation in violations] == [("5", device)]


@pytest.mark.parametrize("stages", STAGES)
def test_a_period_one_tick_shorter_collides_on_every_device(stages: int) -> None:
    violations = verify(zero_idle_period(stages, stages, period=6 * stages - 1))
    assert {violation.device for violation in violations if violation.rule == "2"} == set(range(stages))


@pytest.mark.parametrize("stages", STAGES)
def test_with_too_few_microbatches_the_next_step_would_start_too_early(stages: int) -> None:
    violations = verify(zero_idle_period(stages, stages - 2))
    assert {violation.rule for violation in violations} == {"7"}


def test_the_profile_of_steady_state_covers_one_period() -> None:
    profile = memory_profile(zero_idle_period(4, 4), 0)
    times = [time for time, _ in profile]
    assert times == sorted(set(times))
    assert (times[0], times[-1] < 24) == (0, True)
