"""Textbook cases: `solve` finds their known optima and proves them."""

import json
from collections.abc import Iterator

import pytest

from gapweave.instances import FOLDER
from gapweave.models.bounds import SEARCH, reprove
from gapweave.models.instance import Instance
from gapweave.models.schedule import Mode, Schedule
from gapweave.models.verify import verify
from gapweave.solver.solve import solve

UNIFORM = {
    "uniform-p8-m16-k2": 117,
    "uniform-p8-m16-k2-cap16": 117,
    "uniform-p8-m16-k2-reversed": 105,
    "uniform-p8-m16-k2-reversed-cap16": 105,
    "uniform-p8-m32-k2": 213,
    "uniform-p8-m32-k2-cap16": 213,
    "uniform-p8-m32-k2-reversed": 201,
    "uniform-p8-m32-k2-reversed-cap16": 201,
}
FILL = {"uniform-p8-m16-k2-reversed": 118, "uniform-p8-m32-k2-reversed": 214}


def published_optima() -> Iterator[tuple[str, int]]:
    text = (FOLDER / "sources" / "opposed_pipelines_optima.json").read_text(encoding="utf-8")
    data = json.loads(text)
    for letter, key, counts in (
        ("v", "one_pipeline_V", "microbatches"),
        ("x", "two_opposed_pipelines_X", "microbatches_each"),
    ):
        for count, optimum in zip(data[key][counts], data[key]["optimum"], strict=True):
            yield f"opposed-{letter}{count}", optimum


def proven(name: str, mode: Mode) -> Schedule:
    """A verified schedule that is proven optimal, and proven again where that is possible."""
    schedule = solve(Instance.load(name), mode=mode, time_limit=60)
    assert verify(schedule) == []
    assert schedule.status == "optimal"
    assert schedule.bound is not None
    assert reprove(schedule).proven is (None if schedule.bound.argument == SEARCH else True)
    return schedule


@pytest.mark.parametrize(("name", "optimum"), UNIFORM.items())
def test_two_uniform_jobs(name: str, optimum: int) -> None:
    assert proven(name, "joint").makespan == optimum


@pytest.mark.parametrize(("name", "optimum"), FILL.items())
def test_a_reversed_job_in_the_idle_intervals_of_1f1b(name: str, optimum: int) -> None:
    schedule = proven(name, "fill")
    assert schedule.makespan == optimum
    assert schedule.primary is not None
    assert schedule.primary.source == "1f1b"


@pytest.mark.parametrize(("name", "optimum"), list(published_optima()))
def test_opposed_pipelines(name: str, optimum: int) -> None:
    assert proven(name, "joint").makespan == optimum


def test_all_published_optima_are_tried() -> None:
    assert len(dict(published_optima())) == 15
