"""List scheduling: whatever the keys and limits, its schedules keep every rule and never deadlock."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from planning import planned_or_reason
from random_problems import dispatch_rules, instances, law, unlimited
from schedule_factory import make_instance, uniform_job

from gapweave.models.instance import Instance
from gapweave.models.metrics import measure
from gapweave.models.schedule import Primary, Schedule, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.heuristics import heuristic, heuristics
from gapweave.solver.heuristics.priority_list import PriorityList
from gapweave.solver.job_alone import alone
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.problem import Problem
from gapweave.solver.timetable import make_schedule


def run(problem: Problem, rule: DispatchRule) -> Schedule | None:
    """The unverified schedule under a dispatch rule."""
    scheduler = ListScheduler(problem.arrays, problem.pinned)
    starts = scheduler.run(rule.keys(problem.paths), rule.limits(problem.paths))
    if starts is None:
        return None
    return make_schedule(problem, starts, SolverRecord(name="list"), verify_it=False)


def holds_one_of_each_stage(instance: Instance) -> bool:
    """Whether every device has memory for one microbatch of all its stages at a time."""
    needed = list(instance.resident_memory)
    for job in instance.jobs:
        for stage in job.stages:
            needed[stage.device] += stage.memory.peak
    capacities = [device.memory_capacity for device in instance.devices]
    return all(cap is None or cap >= need for cap, need in zip(capacities, needed, strict=True))


@law
@given(instances(), st.data())
def test_random_dispatch_rules_give_schedules_that_keep_every_rule(
    instance: Instance, data: st.DataObject
) -> None:
    schedule = run(Problem(instance), data.draw(dispatch_rules(len(instance.jobs))))
    assert (schedule is not None) == holds_one_of_each_stage(instance)
    assert schedule is None or verify(schedule) == []


@law
@given(instances(), st.sampled_from(["1f1b", "gpipe", "priority-list"]), st.data())
def test_pinned_tasks_stay_where_they_are(instance: Instance, policy: str, data: st.DataObject) -> None:
    own = planned_or_reason(instance.with_jobs(0), heuristics()[policy])
    assume(isinstance(own, Schedule))
    primary = alone(instance, 0, heuristic(policy)).as_primary()
    schedule = run(Problem(instance, "fill", primary), data.draw(dispatch_rules(len(instance.jobs))))
    assert schedule is None or verify(schedule) == []


@law
@given(instances(), st.data())
def test_without_memory_limits_there_is_always_a_schedule(instance: Instance, data: st.DataObject) -> None:
    assert run(Problem(unlimited(instance)), data.draw(dispatch_rules(len(instance.jobs)))) is not None


@pytest.mark.parametrize("trips", [0.0, 0.5, 1.0, 2.0])
def test_limits_bound_the_microbatches_in_flight(trips: float) -> None:
    problem = Problem(make_instance(uniform_job(4, 12), devices=4))
    rule = DispatchRule(1.0, 0.0, (0.0, 5.0, 0.0, 0.0), (0.0,), (trips,))
    schedule = run(problem, rule)
    assert schedule is not None
    limits = rule.limits(problem.paths)
    peaks = measure(schedule).peak_memory
    assert all(peak <= limits[0, stage] for stage, peak in enumerate(peaks))


def test_keys_decide_which_ready_task_goes_first() -> None:
    problem = Problem(make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1))
    for delays, first in (((0.0, 9.0), 0), ((9.0, 0.0), 1)):
        schedule = run(problem, DispatchRule(1.0, 0.0, (0.0,) * 4, delays, (None, None)))
        assert schedule is not None
        assert schedule.tasks[0].job == first


def test_no_device_idles_while_a_task_is_ready() -> None:
    """The makespan of one device is its load once the first job is released."""
    jobs = [uniform_job(1, 3), uniform_job(1, 2, release=1), uniform_job(1, 4)]
    schedule = run(Problem(make_instance(*jobs, devices=1)), DispatchRule.default(3))
    assert schedule is not None
    assert schedule.makespan == 3 * 9


def test_a_task_that_does_not_fit_before_a_pinned_one_waits_behind_it() -> None:
    instance = make_instance(uniform_job(1, 1), uniform_job(1, 1, 4, 4), devices=1)
    primary = Primary(source="test", makespan=10, limit=10, tasks=(("F", 0, 0, 3), ("B", 0, 0, 8)))
    schedule = run(Problem(instance, "fill", primary), DispatchRule.default(2))
    assert schedule is not None
    assert [row.start for row in schedule.tasks if row.job == 1] == [4, 10]


def test_claims_wait_until_the_pinned_job_needs_no_more_memory() -> None:
    instance = make_instance(uniform_job(1, 1), uniform_job(1, 1), devices=1, capacity=1)
    primary = Primary(source="test", makespan=20, limit=20, tasks=(("F", 0, 0, 10), ("B", 0, 0, 18)))
    schedule = run(Problem(instance, "fill", primary), DispatchRule.default(2))
    assert schedule is not None
    assert [row.start for row in schedule.tasks if row.job == 1] == [20, 21]


def test_a_scheduler_gives_the_same_schedule_every_time() -> None:
    problem = Problem(make_instance(uniform_job(3, 6), uniform_job(3, 4), devices=3, capacity=4))
    scheduler, rule = ListScheduler(problem.arrays), DispatchRule.default(2)
    runs = [scheduler.run(rule.keys(problem.paths), rule.limits(problem.paths)) for _ in range(2)]
    assert runs[0] is not None
    assert runs[1] is not None
    assert np.array_equal(runs[0], runs[1])


def test_the_priority_list_is_the_default_rule() -> None:
    instance = make_instance(uniform_job(3, 6), uniform_job(3, 4), devices=3, capacity=4)
    schedule = run(Problem(instance), DispatchRule.default(2))
    result = planned_or_reason(instance, PriorityList())
    assert schedule is not None
    assert isinstance(result, Schedule)
    assert result.tasks == schedule.tasks
