"""The automatic zero-bubble scheduler: no worse than published, no worse than by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import longest_idle, most_held, uneven_pipelines, uniform_pipeline
from planning import planned, planned_or_reason
from published_rates import ROWS, instance_name, stage_span_rate
from random_problems import law

from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.solver.heuristics import heuristic

AUTO = heuristic("zb-auto")
#: Published column by the memory of the instance.
COLUMNS = {"1x": "zb-1p", "2x": "zb-2p"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: instance_name(row, ""))
@pytest.mark.parametrize("memory", COLUMNS)
def test_no_published_rate_is_lower(memory: str, row: dict[str, Any]) -> None:
    schedule = planned(Instance.load(instance_name(row, memory)), AUTO)
    assert stage_span_rate(schedule) <= row["bubble_rate"][COLUMNS[memory]]


@law
@pytest.mark.parametrize("other", ["zb-h1", "zb-h2"])
@given(instance=uneven_pipelines("line"))
def test_it_has_no_longer_span_than_what_is_made_by_hand(other: str, instance: Instance) -> None:
    schedule, by_hand = planned_or_reason(instance, AUTO), planned_or_reason(instance, heuristic(other))
    if isinstance(schedule, Schedule):
        assert isinstance(by_hand, Schedule)
        assert span(schedule) <= span(by_hand)
    else:
        assert schedule.replace("zb-auto", other) == by_hand


@law
@given(st.integers(1, 6), st.integers(1, 9))
def test_there_is_no_bubble_if_f_b_and_w_take_equally_long(stages: int, time: int) -> None:
    instance = uniform_pipeline("line", stages, 3 * stages, (time, time, time))
    assert longest_idle(planned(instance, AUTO)) == 0


@law
@given(st.integers(1, 6), st.integers(1, 30), st.tuples(*[st.integers(1, 9)] * 3))
def test_without_a_limit_a_stage_holds_at_most_2p_microbatches(
    stages: int, count: int, times: tuple[int, int, int]
) -> None:
    instance = uniform_pipeline("line", stages, count, times, releases_late=True)
    assert most_held(planned(instance, AUTO)) <= 2 * stages


def span(schedule: Schedule) -> int:
    return max(max(row.end for row in rows) - rows[0].start for rows in schedule.tasks_by_device if rows)
