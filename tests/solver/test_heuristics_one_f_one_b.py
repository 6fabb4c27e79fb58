"""1F1B: closed forms on uniform pipelines, and the published measurements."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import planned
from random_problems import law
from schedule_factory import make_instance, uniform_job

from gapweave.instances import FOLDER
from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.solver.heuristics import heuristic

ROWS = json.loads((FOLDER / "sources" / "zero_bubble_measured.json").read_text(encoding="utf-8"))["rows"]
SMALL, DURATION = st.integers(1, 12), st.integers(1, 9)


def unsplit_name(row: dict[str, Any]) -> str:
    return f"zb-{row['model'].lower()}-p{row['stages']}-m{row['microbatches']}-unsplit"


def test_all_published_measurements_are_there() -> None:
    assert len({unsplit_name(row) for row in ROWS}) == 12


@pytest.mark.parametrize("row", ROWS, ids=unsplit_name)
def test_it_reproduces_the_published_stage_span_bubble_rate(row: dict[str, Any]) -> None:
    schedule = planned(Instance.load(unsplit_name(row)), heuristic("1f1b"))
    assert round(measure(schedule).stage_span_bubble_rate, 4) == row["bubble_rate"]["1f1b"]


@law
@given(SMALL, SMALL, DURATION, DURATION)
def test_its_makespan_on_a_uniform_pipeline(stages: int, count: int, forward: int, backward: int) -> None:
    instance = make_instance(uniform_job(stages, count, forward, backward), devices=stages)
    schedule = planned(instance, heuristic("1f1b"))
    assert schedule.makespan == (count + stages - 1) * (forward + backward)


@law
@given(SMALL, SMALL, DURATION, DURATION)
def test_its_bubble_rate_depends_on_the_numbers_of_stages_and_microbatches_alone(
    stages: int, count: int, forward: int, backward: int
) -> None:
    instance = make_instance(uniform_job(stages, count, forward, backward), devices=stages)
    rate = measure(planned(instance, heuristic("1f1b"))).bubble_rate
    assert rate == pytest.approx((stages - 1) / (count + stages - 1))


@law
@given(SMALL, SMALL)
def test_stage_s_of_p_holds_at_most_p_less_s_microbatches(stages: int, count: int) -> None:
    schedule = planned(make_instance(uniform_job(stages, count), devices=stages), heuristic("1f1b"))
    assert measure(schedule).peak_memory == tuple(min(count, stages - s) for s in range(stages))


@law
@given(SMALL, SMALL, st.integers(1, 8))
def test_it_keeps_fewer_microbatches_in_flight_where_memory_is_tight(
    stages: int, count: int, capacity: int
) -> None:
    instance = make_instance(uniform_job(stages, count), devices=stages, capacity=capacity)
    peaks = measure(planned(instance, heuristic("1f1b"))).peak_memory
    assert peaks == tuple(min(count, stages - s, capacity) for s in range(stages))


def test_stages_that_share_a_device_are_not_for_it() -> None:
    job = uniform_job(2, 3)
    job["stages"][1]["device"] = 0
    with pytest.raises(NotApplicable, match="share a device"):
        planned(make_instance(job, devices=2), heuristic("1f1b"))


def test_two_jobs_are_not_for_it() -> None:
    with pytest.raises(NotApplicable, match="2"):
        planned(make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2), heuristic("1f1b"))


def test_a_stage_without_memory_for_one_microbatch_is_named() -> None:
    instance = make_instance(uniform_job(2, 3), devices=2, capacity=0)
    with pytest.raises(NotApplicable, match="stage 0"):
        planned(instance, heuristic("1f1b"))
