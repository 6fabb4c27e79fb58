"""Where the primary's own schedule comes from, and what is promised to it."""

from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning import planned
from random_problems import costly_law, law, tiny_instances
from schedule_factory import edited, make_instance, uniform_job, zero_idle_period

from gapweave.models.errors import Infeasible, InvalidOption, InvalidSchedule, NotApplicable
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.task import Task
from gapweave.models.task_arrays import TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic
from gapweave.solver.job_alone import JobAlone, alone, from_schedule
from gapweave.solver.primary import with_slack
from gapweave.solver.solve import solve


@pytest.fixture
def instance() -> Instance:
    return make_instance(uniform_job(3, 4), uniform_job(3, 3), devices=3)


@pytest.fixture
def own(instance: Instance) -> Schedule:
    """The primary alone under GPipe."""
    return planned(instance.with_jobs(0), heuristic("gpipe"))


def fill(instance: Instance, primary: Any) -> Schedule:
    return solve(instance, mode="fill", primary=primary, workers=1, time_limit=20)


def primary_starts(schedule: Schedule) -> dict[Task, int]:
    return {row.task: row.start for row in schedule.tasks if row.job == 0}


@pytest.mark.parametrize("policy", ["1f1b", "gpipe", "priority-list"])
def test_a_policy_by_name(instance: Instance, policy: str) -> None:
    schedule = fill(instance, policy)
    assert schedule.primary is not None
    assert schedule.primary.source == policy
    alone_starts = primary_starts(planned(instance.with_jobs(0), heuristic(policy)))
    assert primary_starts(schedule) == alone_starts


def test_the_solver_itself(instance: Instance) -> None:
    schedule = fill(instance, "solver")
    assert schedule.primary is not None
    assert schedule.primary.source == "solver"
    best = solve(instance.with_jobs(0), workers=1, time_limit=20)
    assert best.status == "optimal"
    assert schedule.job_makespans["job0"] == schedule.primary.makespan == best.makespan


def test_a_schedule(instance: Instance, own: Schedule) -> None:
    assert primary_starts(fill(instance, own)) == primary_starts(own)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_schedule_file(instance: Instance, own: Schedule, tmp_path: Path, kind: type) -> None:
    file = tmp_path / "own.json"
    own.save(file)
    schedule = fill(instance, kind(file))
    assert primary_starts(schedule) == primary_starts(own)
    assert schedule.primary is not None
    assert schedule.primary.source == str(file)


def test_a_schedule_of_several_jobs_gives_its_first_one(instance: Instance) -> None:
    both = solve(instance, workers=1, time_limit=20)
    assert primary_starts(fill(instance, both)) == primary_starts(both)


def test_a_schedule_with_pauses_is_kept_as_it_is(instance: Instance, own: Schedule) -> None:
    late = edited(own, [row._replace(start=row.start + 7, end=row.end + 7) for row in own.tasks])
    schedule = fill(instance, late)
    assert primary_starts(schedule) == primary_starts(late)
    assert schedule.primary is not None
    assert schedule.primary.makespan == own.makespan + 7


def test_a_schedule_with_microbatches_in_another_order_is_kept_as_it_is(
    instance: Instance, own: Schedule
) -> None:
    turned = edited(own, [row._replace(microbatch=3 - (row.microbatch or 0)) for row in own.tasks])
    assert verify(turned) == []
    assert primary_starts(fill(instance, turned)) == primary_starts(turned)


def test_a_job_of_another_name_is_the_same_job(instance: Instance, own: Schedule) -> None:
    document = own.instance.to_document()
    document["jobs"][0]["name"] = "other"
    renamed = own.model_copy(update={"instance": Instance.from_document(document)})
    assert primary_starts(fill(instance, renamed)) == primary_starts(own)


def test_a_job_that_says_the_same_in_other_words_is_the_same_job(instance: Instance, own: Schedule) -> None:
    document = own.instance.to_document()
    rule = {"global_batch": 8, "microbatch_size": 2}
    document["jobs"][0] |= {"microbatches": rule, "forward_transfer": [0, 0]}
    reworded = own.model_copy(update={"instance": Instance.from_document(document)})
    assert primary_starts(fill(instance, reworded)) == primary_starts(own)


@pytest.mark.parametrize(
    "other",
    [uniform_job(3, 5), uniform_job(3, 4, 2, 2), uniform_job(2, 4), uniform_job(3, 4, release=1)],
    ids=["microbatches", "durations", "stages", "release"],
)
def test_a_schedule_of_another_job_is_refused(instance: Instance, other: dict[str, Any]) -> None:
    theirs = planned(make_instance(other, devices=3), heuristic("1f1b"))
    with pytest.raises(InvalidOption, match="is not the primary 'job0'"):
        fill(instance, theirs)


def test_a_steady_state_is_refused() -> None:
    steady = zero_idle_period(3, 4)
    with pytest.raises(InvalidOption, match="objective makespan"):
        fill(steady.instance, steady)


def test_a_schedule_that_lacks_tasks_is_refused(instance: Instance, own: Schedule) -> None:
    with pytest.raises(InvalidOption, match="every task"):
        fill(instance, edited(own, own.tasks[1:]))


def test_a_schedule_that_breaks_a_rule_is_refused(instance: Instance, own: Schedule) -> None:
    packed = edited(own, [row._replace(start=0, end=row.end - row.start) for row in own.tasks])
    with pytest.raises(Infeasible, match="cannot be kept: rule"):
        fill(instance, packed)


def test_resident_memory_of_the_others_may_leave_no_room(instance: Instance, own: Schedule) -> None:
    document = instance.to_document()
    document["devices"][0]["memory_capacity"] = 5
    document["jobs"][1]["stages"][0]["memory"]["resident"] = 3
    with pytest.raises(Infeasible, match="rule 5"):
        fill(Instance.from_document(document), own)


def test_a_missing_file_is_named(instance: Instance, tmp_path: Path) -> None:
    with pytest.raises(InvalidSchedule, match=r"nothing\.json"):
        fill(instance, tmp_path / "nothing.json")


def test_a_policy_that_does_not_apply_says_why() -> None:
    primary = uniform_job(2, 3)
    primary["stages"][1]["device"] = 0
    with pytest.raises(NotApplicable, match="share a device"):
        fill(make_instance(primary, uniform_job(2, 1), devices=2), "1f1b")


@costly_law
@given(tiny_instances(), st.sampled_from([0, 0.02, 0.1, 0.15, 0.5]))
def test_a_slack_limits_the_primary(instance: Instance, slack: float) -> None:
    best = solve(instance.with_jobs(0), workers=1, time_limit=20)
    schedule = solve(instance, primary_slack=slack, workers=1, time_limit=20)
    assert verify(schedule) == []
    assert best.status == schedule.status == "optimal"
    promise = schedule.primary
    assert promise is not None
    assert promise.tasks is None
    assert promise.makespan == best.makespan
    assert promise.limit == floor((1 + Fraction(str(slack))) * best.makespan)
    assert schedule.job_makespans[instance.jobs[0].name] <= promise.limit


@law
@given(st.integers(1, 2**42), st.decimals(0, 3, places=3))
def test_the_limit_is_exact_to_the_tick(makespan: int, slack: Any) -> None:
    arrays = TaskArrays.build(make_instance(uniform_job(1, 1), devices=1))
    own = JobAlone("test", arrays, np.array([0, makespan - 2], dtype=np.int64))
    assert with_slack(own, float(slack)).limit == floor((1 + Fraction(slack)) * own.makespan)


def test_a_promise_lists_every_task_of_the_primary() -> None:
    job = uniform_job(2, 3)
    job["stages"] = [stage | {"weight": 1, "optimizer": 2} for stage in job["stages"]]
    promise = alone(make_instance(job, devices=2), 0, heuristic("1f1b")).as_primary()
    assert promise.tasks is not None
    assert len({task[:3] for task in promise.tasks}) == 2 * (3 * 3 + 1)
    assert promise.limit == promise.makespan


def test_milestones_of_a_schedule_are_placed_where_their_inputs_end() -> None:
    job = uniform_job(2, 3, optimizer_barrier=True)
    job["stages"] = [stage | {"optimizer": 2} for stage in job["stages"]]
    instance = make_instance(job, uniform_job(2, 1), devices=2)
    policy = heuristic("1f1b")
    own = from_schedule(instance, planned(instance.with_jobs(0), policy), "test")
    assert own.starts.tolist() == alone(instance, 0, policy).starts.tolist()
