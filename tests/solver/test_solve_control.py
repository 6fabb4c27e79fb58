"""Stopping, limits and progress of a solve, and the placements it tries."""

import threading
from itertools import pairwise
from typing import Any

import pytest
from schedule_factory import make_instance, uniform_job

from gapweave.models.errors import Infeasible, Interrupted, InvalidOption, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.models.verify import verify
from gapweave.solver.incumbent import Progress
from gapweave.solver.solve import solve

#: Solved by no heuristic alone, and proven by CP-SAT only after a while.
HARD = "uniform-p8-m16-k2-reversed"
#: No search and no proof here closes its gap, in minutes neither.
OPEN = "zb-6.2b+1.5b-p8-m24-1x"


@pytest.fixture
def pair() -> Instance:
    return make_instance(uniform_job(4, 3), uniform_job(4, 4), devices=4)


def already_set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def set_after(seconds: float) -> threading.Event:
    event = threading.Event()
    timer = threading.Timer(seconds, event.set)
    timer.daemon = True
    timer.start()
    return event


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"mode": "fill"},
        {"primary_slack": 0.1},
        {"mode": "fill", "primary": "solver"},
        {"placement": "search"},
        {"placement": "search", "primary_slack": 0.1},
    ],
    ids=str,
)
def test_a_stop_before_the_beginning_gives_a_schedule_or_none(
    pair: Instance, options: dict[str, Any]
) -> None:
    try:
        schedule = solve(pair, stop=already_set(), **options)
    except Interrupted:
        return
    assert verify(schedule) == []


@pytest.mark.parametrize(
    "options", [{}, {"primary_slack": 0.1}, {"mode": "fill", "primary": "solver"}], ids=str
)
def test_a_time_limit_that_is_over_at_once_gives_a_schedule_or_none(
    pair: Instance, options: dict[str, Any]
) -> None:
    try:
        schedule = solve(pair, time_limit=1e-9, **options)
    except NothingFound:
        return
    assert verify(schedule) == []


@pytest.mark.parametrize(("name", "mode"), [(HARD, "fill"), (OPEN, "joint"), (OPEN, "fill")])
def test_a_stop_while_solving_gives_the_best_schedule_so_far(name: str, mode: Any) -> None:
    schedule = solve(Instance.load(name), mode=mode, stop=set_after(0.8), time_limit=None)
    assert verify(schedule) == []
    assert schedule.lower_bound is not None


def test_a_stop_at_the_first_schedule_ends_with_a_schedule() -> None:
    event = threading.Event()

    def stop_at_first(progress: Progress) -> None:
        if progress.makespan is not None:
            event.set()

    schedule = solve(Instance.load(OPEN), stop=event, on_progress=stop_at_first, time_limit=None)
    assert verify(schedule) == []
    assert schedule.status == "feasible"


def test_a_time_limit_ends_an_open_problem_with_a_feasible_schedule() -> None:
    schedule = solve(Instance.load(OPEN), time_limit=1.5, workers=1)
    assert verify(schedule) == []
    assert schedule.status == "feasible"
    assert schedule.gap is not None
    assert schedule.gap > 0


@pytest.mark.parametrize("mode", ["joint", "fill"])
def test_progress_only_ever_improves(mode: Any) -> None:
    seen: list[Progress] = []
    schedule = solve(
        Instance.load("uniform-p8-m8-k2-reversed-cap16"), mode=mode, workers=1, on_progress=seen.append
    )
    makespans = [progress.makespan for progress in seen if progress.makespan is not None]
    bounds = [progress.lower_bound for progress in seen]
    assert makespans == sorted(makespans, reverse=True)
    assert bounds == sorted(bounds)
    states = [(progress.phase, progress.makespan, progress.lower_bound) for progress in seen]
    assert all(state != following for state, following in pairwise(states))  # phases take turns
    assert [progress.elapsed for progress in seen] == sorted(progress.elapsed for progress in seen)
    assert states[-1][1:] == (schedule.makespan, schedule.lower_bound)
    assert all(progress.gap is None or progress.gap >= 0 for progress in seen)


def test_a_work_limit_gives_the_same_schedule_every_time() -> None:
    runs = [
        solve(Instance.load(HARD), mode="fill", workers=1, work_limit=0.05, time_limit=None, seed=3)
        for _ in range(2)
    ]
    assert runs[0].tasks == runs[1].tasks
    assert runs[0].lower_bound == runs[1].lower_bound
    assert runs[0].solver.work_limit == 0.05


def test_memory_for_no_microbatch_is_infeasible() -> None:
    instance = make_instance(uniform_job(2, 3), uniform_job(2, 3), devices=2, capacity=0)
    with pytest.raises(Infeasible, match="'gpu0'"):
        solve(instance)


def test_resident_memory_beyond_the_capacity_is_infeasible() -> None:
    job = uniform_job(1, 1)
    job["stages"][0]["memory"] = {"resident": 9}
    with pytest.raises(Infeasible, match="exceeds the capacity by 2"):
        solve(make_instance(job, devices=1, capacity=7))


@pytest.mark.parametrize(
    ("placement", "devices"),
    [
        ("given", (0, 1, 2, 3)),
        ("same", (0, 1, 2, 3)),
        ("reversed", (3, 2, 1, 0)),
        ("rotated", (2, 3, 0, 1)),
    ],
)
def test_a_placement_moves_the_secondary_job_alone(
    pair: Instance, placement: Any, devices: tuple[int, ...]
) -> None:
    schedule = solve(pair, placement=placement, workers=1, time_limit=20)
    assert schedule.placement == placement
    stages = [tuple(stage.device for stage in job.stages) for job in schedule.instance.jobs]
    assert stages == [(0, 1, 2, 3), devices]
    assert verify(schedule) == []


def test_a_placement_that_does_not_suit_is_refused() -> None:
    instance = make_instance(uniform_job(4, 3), uniform_job(3, 4), devices=4)
    with pytest.raises(InvalidOption, match="'job1' has 3 stages, expected 4"):
        solve(instance, placement="reversed")


def test_a_v_shape_needs_twice_as_many_stages() -> None:
    secondary = uniform_job(2, 3)
    secondary["stages"] = [stage | {"device": 0} for stage in (*secondary["stages"], *secondary["stages"])]
    instance = make_instance(uniform_job(2, 3), secondary, devices=2)
    schedule = solve(instance, placement="v", workers=1, time_limit=20)
    assert [stage.device for stage in schedule.instance.jobs[1].stages] == [0, 1, 1, 0]


@pytest.mark.parametrize("mode", ["joint", "fill"])
def test_searching_placements_finds_the_best_of_them(pair: Instance, mode: Any) -> None:
    def optimum(placement: Any) -> Schedule:
        schedule = solve(pair, mode=mode, placement=placement, workers=1, time_limit=20)
        assert schedule.status == "optimal"
        return schedule

    found = optimum("search")
    assert found.makespan == min(optimum(one).makespan for one in ("given", "reversed", "rotated"))
    assert found.makespan == optimum(found.placement).makespan
    assert found.solver.notes["placements"].keys() == {"given", "reversed", "rotated"}
    assert verify(found) == []
