"""Two pipelines in opposite directions: Chimera's closed forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import uneven_pipelines
from planning import planned, planned_or_reason
from random_problems import instances, law
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic

BIDIRECTIONAL = heuristic("bidirectional")
#: Chimera is stated for an even number of devices.
EVEN = st.integers(1, 6).map(lambda half: 2 * half)


def opposite_jobs(devices: int, count: int, forward: int, backward: int) -> Instance:
    down, up = (uniform_job(devices, count, forward, backward) for _ in range(2))
    up["stages"] = [stage | {"device": devices - 1 - s} for s, stage in enumerate(up["stages"])]
    return make_instance(down, up, devices=devices)


@law
@given(EVEN, st.integers(0, 12), st.integers(1, 9))
def test_equal_forwards_and_backwards_leave_p_less_2_of_them_idle(devices: int, more: int, time: int) -> None:
    """Bubble ratio (P - 2) / (2 N + P - 2) of N microbatches in both directions together: optimal."""
    count = devices // 2 + more
    schedule = planned(opposite_jobs(devices, count, time, time), BIDIRECTIONAL)
    assert schedule.makespan == (4 * count + devices - 2) * time
    assert schedule.status == "optimal"


@law
@given(EVEN, st.integers(1, 9))
def test_backwards_twice_as_long_as_forwards(devices: int, time: int) -> None:
    """Bubble ratio (P - 2) / (3 N / 2 + P - 2) of N = P microbatches in both directions together."""
    schedule = planned(opposite_jobs(devices, devices // 2, time, 2 * time), BIDIRECTIONAL)
    assert schedule.makespan == (3 * devices + 2 * (devices - 2)) * time


@law
@given(EVEN, st.integers(1, 12), st.integers(1, 5), st.integers(1, 5))
def test_devices_hold_at_most_p_plus_1_microbatches(
    devices: int, count: int, forward: int, backward: int
) -> None:
    schedule = planned(opposite_jobs(devices, count, forward, backward), BIDIRECTIONAL)
    assert max(measure(schedule).peak_memory) <= devices + 1


@pytest.mark.parametrize("policy", ["bidirectional", "tick-tock"])
@pytest.mark.parametrize("jobs", [1, 3])
def test_other_numbers_of_jobs_are_not_for_pairs(jobs: int, policy: str) -> None:
    instance = make_instance(*(uniform_job(2, 2) for _ in range(jobs)), devices=2)
    with pytest.raises(NotApplicable, match=f"two jobs, this instance has {jobs}"):
        planned(instance, heuristic(policy))


@law
@given(instances())
def test_only_opposite_device_orders_are_for_it(instance: Instance) -> None:
    orders = [[stage.device for stage in job.stages] for job in instance.jobs]
    if len(orders) != 2 or orders[0] != orders[1][::-1]:
        with pytest.raises(NotApplicable, match="two jobs"):
            planned(instance, BIDIRECTIONAL)


@law
@given(uneven_pipelines("line"), uneven_pipelines("line"))
def test_uneven_pipelines_are_scheduled(down: Instance, other: Instance) -> None:
    devices = min(len(down.devices), len(other.devices))
    jobs = [one.to_document()["jobs"][0] for one in (down, other)]
    for name, job, order in zip("ab", jobs, (range(devices), reversed(range(devices))), strict=True):
        stages = [stage | {"device": d} for stage, d in zip(job["stages"], order, strict=False)]
        job |= {"name": name, "stages": stages, "forward_transfer": 2, "backward_transfer": 3}
    instance = make_instance(*jobs, devices=devices, capacity=down.devices[0].memory_capacity)
    result = planned_or_reason(instance, BIDIRECTIONAL)
    if isinstance(result, Schedule):
        assert verify(result) == []
    else:
        assert "alone" in result
