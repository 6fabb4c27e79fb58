"""ZB-H1 and ZB-H2: the paper's closed forms and its published rates."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_pipelines import longest_idle, most_held, uneven_pipelines, uniform_pipeline
from planning import planned
from published_rates import ROWS, instance_name, stage_span_rate
from random_problems import law

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic

STAGES = st.integers(1, 8)
#: F, B and W, the last one no longer than the others, as the closed forms suppose.
TIMES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)).map(lambda t: (t[0], t[1], min(t)))


@law
@given(STAGES, st.integers(0, 12), TIMES)
def test_the_bubble_of_zb_h1(stages: int, more: int, times: tuple[int, int, int]) -> None:
    schedule = planned(uniform_pipeline("line", stages, stages + more, times), heuristic("zb-h1"))
    assert longest_idle(schedule) == (stages - 1) * (times[0] + times[1] - times[2])


@law
@given(STAGES, st.integers(0, 12), TIMES)
def test_the_bubble_of_zb_h2(stages: int, more: int, times: tuple[int, int, int]) -> None:
    schedule = planned(uniform_pipeline("line", stages, 2 * stages - 1 + more, times), heuristic("zb-h2"))
    assert longest_idle(schedule) == (stages - 1) * (times[0] + times[1] - 2 * times[2])


@law
@given(STAGES, st.integers(1, 30), TIMES)
def test_no_stage_holds_more_than_stage_0_of_1f1b_under_zb_h1(
    stages: int, count: int, times: tuple[int, int, int]
) -> None:
    instance = uniform_pipeline("line", stages, count, times, releases_late=True)
    assert most_held(planned(instance, heuristic("zb-h1"))) == min(stages, count)


@law
@given(STAGES, st.integers(1, 30), TIMES)
def test_stages_hold_up_to_2p_less_1_microbatches_under_zb_h2(
    stages: int, count: int, times: tuple[int, int, int]
) -> None:
    instance = uniform_pipeline("line", stages, count, times, releases_late=True)
    assert most_held(planned(instance, heuristic("zb-h2"))) == min(2 * stages - 1, count)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: instance_name(row, "2x"))
@pytest.mark.parametrize("method", ["zb-h1", "zb-h2"])
def test_published_rates_are_reproduced(method: str, row: dict[str, Any]) -> None:
    schedule = planned(Instance.load(instance_name(row, "2x")), heuristic(method))
    assert stage_span_rate(schedule) == row["bubble_rate"][method]


@law
@pytest.mark.parametrize("method", ["zb-h1", "zb-h2"])
@given(st.integers(1, 6), st.integers(1, 12), st.integers(1, 8), TIMES)
def test_tight_memory_is_kept(
    method: str, stages: int, count: int, held: int, times: tuple[int, int, int]
) -> None:
    instance = uniform_pipeline("line", stages, count, times, held=held)
    assert most_held(planned(instance, heuristic(method))) <= held


@law
@pytest.mark.parametrize("method", ["zb-h1", "zb-h2", "zb-auto"])
@given(instance=uneven_pipelines("line"))
def test_uneven_pipelines_are_scheduled(method: str, instance: Instance) -> None:
    if any(stage.is_split for stage in instance.jobs[0].stages):
        assert verify(planned(instance, heuristic(method))) == []
    else:
        with pytest.raises(NotApplicable, match="split into B and W"):
            planned(instance, heuristic(method))


@pytest.mark.parametrize("method", ["zb-h1", "zb-h2", "zb-auto"])
def test_stages_that_share_a_device_are_not_for_them(method: str) -> None:
    with pytest.raises(NotApplicable, match="share a device"):
        planned(uniform_pipeline("v", 2, 4, (1, 1, 1)), heuristic(method))
