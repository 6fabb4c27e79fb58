"""Solving from what is known: schedules to start from, bounds that hold, and the primary's best alone."""

import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from random_problems import law
from random_schedules import schedules
from schedule_factory import as_fill, build_schedule, edited, make_instance, uniform_job

from gapweave.models.bounds import SEARCH
from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound, Primary, Schedule, SolverRecord
from gapweave.models.verify import verify
from gapweave.solver import solve as module
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.known import Known
from gapweave.solver.problem import Problem
from gapweave.solver.solve import solve
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule, starts_of


@pytest.fixture
def pair() -> Instance:
    return make_instance(uniform_job(3, 4), uniform_job(3, 3), devices=3)


@pytest.fixture
def apart(pair: Instance) -> Schedule:
    """One job after the other."""
    return build_schedule(pair)


def told(problem: Problem, *known: Schedule) -> Incumbent:
    incumbent = Incumbent(problem, Stopping())
    Known(known).tell(incumbent)
    return incumbent


def stopped() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@law
@given(schedules())
def test_a_schedule_is_read_back_into_the_starts_it_was_made_of(schedule: Schedule) -> None:
    problem = Problem(schedule.instance)
    starts = starts_of(schedule, problem.arrays)
    assert make_schedule(problem, starts, SolverRecord(name="test")).tasks == schedule.tasks


def test_milestones_are_read_back_to_where_their_inputs_end() -> None:
    job = uniform_job(2, 2, optimizer_barrier=True)
    job["stages"] = [stage | {"optimizer": 3} for stage in job["stages"]]
    schedule = solve(make_instance(job, devices=2), workers=1)
    arrays = Problem(schedule.instance).arrays
    starts = starts_of(schedule, arrays)
    assert arrays.node_count > arrays.task_count
    assert starts[-1] == max(row.end for row in schedule.tasks if row.kind != "O")


def test_the_best_known_schedule_is_where_a_search_begins(pair: Instance, apart: Schedule) -> None:
    better = build_schedule(pair, offsets=(2, 0))
    assert better.makespan < apart.makespan
    assert told(Problem(pair), apart, better, apart).makespan == better.makespan


def test_microbatches_are_put_in_order(pair: Instance, apart: Schedule) -> None:
    turned = edited(
        apart, [row._replace(microbatch=-(row.microbatch or 0) % 3) for row in apart.tasks if row.job]
    )
    turned = edited(apart, [*(row for row in apart.tasks if not row.job), *turned.tasks])
    assert verify(turned) == []
    problem = Problem(pair)
    starts = told(problem, turned).starts
    assert starts is not None
    assert starts.tolist() == starts_of(apart, problem.arrays).tolist()


def test_a_schedule_that_breaks_the_limit_is_passed_over(pair: Instance, apart: Schedule) -> None:
    end = apart.job_makespans["job0"]
    for limit, is_taken in ((end, True), (end - 1, False)):
        primary = Primary(source="test", makespan=end, limit=limit)
        assert (told(Problem(pair, "joint", primary), apart).starts is not None) == is_taken


def test_a_schedule_that_moves_a_pinned_task_is_passed_over(pair: Instance, apart: Schedule) -> None:
    pinned = Problem(pair, "fill", as_fill(apart).primary)
    late = edited(apart, [row._replace(start=row.start + 1, end=row.end + 1) for row in apart.tasks])
    assert told(pinned, late).starts is None
    assert told(pinned, apart).makespan == apart.makespan


def test_a_schedule_of_another_instance_is_refused(pair: Instance) -> None:
    other = build_schedule(make_instance(uniform_job(3, 4), uniform_job(3, 2), devices=3))
    with pytest.raises(InvalidOption, match="another instance"):
        solve(pair, known=Known((other,)))


def test_what_is_known_goes_with_one_placement(pair: Instance, apart: Schedule) -> None:
    with pytest.raises(InvalidOption, match="placement"):
        solve(pair, placement="search", known=Known((apart,)))


def test_even_without_time_a_known_schedule_is_the_answer(pair: Instance, apart: Schedule) -> None:
    schedule = solve(pair, known=Known((apart,)), stop=stopped())
    assert schedule.makespan == apart.makespan
    assert schedule.mode == "joint"


def test_a_known_bound_that_is_met_ends_the_search(pair: Instance, apart: Schedule) -> None:
    bound = ProvenBound(apart.makespan, Bound(argument=SEARCH))
    schedule = solve(pair, known=Known((apart,), (bound,)), workers=1)
    assert (schedule.status, schedule.bound) == ("optimal", bound.bound)
    assert schedule.tasks == apart.tasks


@pytest.fixture
def best(pair: Instance) -> Schedule:
    return solve(pair.with_jobs(0), workers=1)


def slack(instance: Instance, primary: Any, share: float = 0.1) -> Schedule:
    return solve(instance, primary=primary, primary_slack=share, workers=1, time_limit=20)


def test_a_known_primary_gives_the_limit_and_is_not_scheduled_again(
    pair: Instance, best: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    posed: list[int] = []
    place = module._solve_placed

    def counted(instance: Instance, *rest: Any) -> Schedule:
        posed.append(len(instance.jobs))
        return place(instance, *rest)

    monkeypatch.setattr(module, "_solve_placed", counted)
    schedule = slack(pair, best)
    assert posed == [2]
    assert schedule.primary is not None
    assert (schedule.primary.makespan, schedule.primary.tasks) == (best.makespan, None)
    assert schedule.primary.limit == best.makespan * 11 // 10
    assert schedule.makespan == slack(pair, None).makespan == slack(pair, "solver").makespan
    assert posed == [2, 2, 1, 2, 1]


def test_a_known_primary_may_be_a_file(pair: Instance, best: Schedule, tmp_path: Path) -> None:
    best.save(tmp_path / "own.json")
    for primary in (tmp_path / "own.json", str(tmp_path / "own.json")):
        assert slack(pair, primary).makespan == slack(pair, best).makespan


def test_a_policy_promises_no_best_makespan(pair: Instance) -> None:
    with pytest.raises(InvalidOption, match="--primary-slack expected 'solver' or a schedule, got '1f1b'"):
        slack(pair, "1f1b")


def test_a_known_primary_that_breaks_a_rule_is_refused(pair: Instance, best: Schedule) -> None:
    packed = edited(best, [row._replace(start=0, end=row.end - row.start) for row in best.tasks])
    with pytest.raises(Infeasible, match="cannot be kept"):
        slack(pair, packed)
