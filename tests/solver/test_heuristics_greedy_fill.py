"""Greedy fill: the primary never moves."""

import pytest
from planning import planned
from schedule_factory import make_instance, uniform_job
from shipped import SMALL_WITH_SEVERAL_JOBS

from gapweave.models.errors import NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.solver.expected import expected_schedule
from gapweave.solver.heuristics import heuristic
from gapweave.solver.heuristics.greedy_fill import GreedyFill
from gapweave.solver.solve import solve

SAMPLE = [
    "fusion-02-cap",
    "fusion-05",
    "opposed-x8",
    "uniform-p8-m16-k2-reversed-cap16",
    "zb-6.2b+1.5b-p8-m24-1x",
]


def primary_starts(schedule: Schedule) -> dict[Task, int]:
    return {row.task: row.start for row in schedule.tasks if row.job == 0}


@pytest.mark.parametrize("name", SMALL_WITH_SEVERAL_JOBS)
def test_the_primary_stays_where_its_own_policy_put_it(name: str) -> None:
    instance = Instance.load(name)
    schedule = planned(instance, heuristic("greedy-fill"))
    assert schedule.mode == "fill"
    assert primary_starts(schedule) == primary_starts(expected_schedule(instance, "1f1b"))


@pytest.mark.parametrize("name", SAMPLE)
def test_solving_in_fill_mode_leaves_it_there_too(name: str) -> None:
    instance = Instance.load(name)
    schedule = solve(instance, mode="fill", time_limit=2, workers=1)
    assert primary_starts(schedule) == primary_starts(expected_schedule(instance, "1f1b"))


def test_any_policy_may_schedule_the_primary() -> None:
    instance = make_instance(uniform_job(4, 5), uniform_job(4, 3), devices=4)
    schedule = planned(instance, GreedyFill("gpipe"))
    assert schedule.primary is not None
    assert schedule.primary.source == "gpipe"
    assert primary_starts(schedule) == primary_starts(expected_schedule(instance, "gpipe"))


def test_the_secondary_runs_inside_the_primary_where_there_is_room() -> None:
    instance = make_instance(uniform_job(8, 8), uniform_job(8, 1, release=0), devices=8)
    schedule = planned(instance, heuristic("greedy-fill"))
    assert min(row.start for row in schedule.tasks if row.job == 1) < schedule.job_makespans["job0"]


def test_too_little_memory_for_the_secondary_stages_is_told() -> None:
    secondary = uniform_job(2, 2)
    secondary["stages"] = [stage | {"device": 0} for stage in secondary["stages"]]
    instance = make_instance(uniform_job(1, 1), secondary, devices=1, capacity=1)
    with pytest.raises(NotApplicable, match="memory"):
        planned(instance, heuristic("greedy-fill"))
