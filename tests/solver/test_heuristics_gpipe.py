"""GPipe: closed forms on uniform pipelines, and memory for all microbatches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import planned, planned_or_reason
from random_problems import instances, law, unlimited
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Schedule
from gapweave.solver.heuristics import heuristic

SMALL, DURATION = st.integers(1, 12), st.integers(1, 9)


@law
@given(SMALL, SMALL, DURATION, DURATION)
def test_its_makespan_on_a_uniform_pipeline(stages: int, count: int, forward: int, backward: int) -> None:
    instance = make_instance(uniform_job(stages, count, forward, backward), devices=stages)
    schedule = planned(instance, heuristic("gpipe"))
    assert schedule.makespan == (count + stages - 1) * (forward + backward)


@law
@given(SMALL, SMALL)
def test_every_stage_holds_all_microbatches(stages: int, count: int) -> None:
    schedule = planned(make_instance(uniform_job(stages, count), devices=stages), heuristic("gpipe"))
    assert measure(schedule).peak_memory == (count,) * stages


@law
@given(instances(most_jobs=1))
def test_the_forwards_of_a_device_all_end_before_its_first_backward(instance: Instance) -> None:
    schedule = planned_or_reason(unlimited(instance), heuristic("gpipe"))
    assert isinstance(schedule, Schedule)
    for rows in schedule.tasks_by_device:
        last_forward = max((row.end for row in rows if row.kind == "F"), default=0)
        assert all(row.start >= last_forward for row in rows if row.kind == "B")


def test_too_little_memory_is_told_with_amounts() -> None:
    instance = make_instance(uniform_job(2, 5), devices=2, capacity=4)
    with pytest.raises(NotApplicable, match=r"need 5 on 'gpu0', 4 is free"):
        planned(instance, heuristic("gpipe"))


def test_exactly_enough_memory_is_enough() -> None:
    instance = make_instance(uniform_job(2, 5), devices=2, capacity=5)
    assert max(measure(planned(instance, heuristic("gpipe"))).peak_memory) == 5
