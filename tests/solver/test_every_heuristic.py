"""What every heuristic promises, on every shipped instance and on random ones."""

import pytest
from hypothesis import given
from planning import planned_or_reason
from random_problems import instances, law
from shipped import SMALL

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristics

METHODS = list(heuristics())
#: To every shipped instance, that is; greedy-fill only if 1F1B applies to the primary.
ALWAYS_APPLY = ("sequential", "greedy-fill", "priority-list")


def assert_keeps_every_rule(schedule: Schedule) -> None:
    assert verify(schedule) == []
    assert schedule.lower_bound is not None
    assert schedule.lower_bound <= schedule.makespan


def reads_as_a_reason(text: str) -> bool:
    """Whether a text names the job, the device, the stage, or what is missing there."""
    return any(word in text for word in ("job", "device", "stage", "memory", "gpu"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", SMALL)
def test_shipped_instances_are_scheduled_or_a_reason_is_given(name: str, method: str) -> None:
    instance, heuristic = Instance.load(name), heuristics()[method]
    result = planned_or_reason(instance, heuristic)
    if isinstance(result, Schedule):
        assert_keeps_every_rule(result)
    else:
        assert reads_as_a_reason(result)
        shares_devices = len({stage.device for stage in instance.jobs[0].stages}) < len(
            instance.jobs[0].stages
        )
        assert method not in ALWAYS_APPLY or (method == "greedy-fill" and shares_devices)
        assert method != "1f1b" or len(instance.jobs) > 1 or shares_devices


@law
@pytest.mark.parametrize("method", METHODS)
@given(instance=instances())
def test_random_instances_are_scheduled_or_a_reason_is_given(method: str, instance: Instance) -> None:
    heuristic = heuristics()[method]
    result = planned_or_reason(instance.with_jobs(0) if heuristic.jobs == "single" else instance, heuristic)
    if isinstance(result, Schedule):
        assert_keeps_every_rule(result)
    else:
        assert reads_as_a_reason(result)
