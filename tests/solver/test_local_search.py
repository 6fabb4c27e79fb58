"""Local search on keys."""

from gapweave import Instance
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.local_search import search_keys
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


def _searched(seed: int) -> tuple[list[int], list[int]]:
    problem, makespans = Problem(Instance.load("fusion-02-cap")), []
    incumbent = Incumbent(
        problem,
        Stopping(None),
        on_progress=lambda progress: makespans.append(progress.makespan or 0),
    )
    incumbent.offer(heuristic("priority-list").plan(problem.arrays).starts, "priority-list")
    search_keys(problem, incumbent, Stopping(None), seed, ListScheduler(problem.arrays))
    assert incumbent.starts is not None
    return makespans, incumbent.starts.tolist()


def test_it_ends_by_itself_and_only_ever_improves() -> None:
    makespans, _ = _searched(seed=0)
    assert makespans == sorted(set(makespans), reverse=True)
    assert len(makespans) > 1


def test_one_seed_gives_one_schedule() -> None:
    assert _searched(seed=3) == _searched(seed=3)


def test_it_keeps_pinned_tasks_where_they_are() -> None:
    instance = Instance.load("uniform-p8-m8-k2-reversed")
    plan = heuristic("greedy-fill").plan(Problem(instance).arrays)
    problem = Problem(instance, "fill", plan.primary)
    incumbent = Incumbent(problem, Stopping(None))
    incumbent.offer(plan.starts, "greedy-fill")
    search_keys(problem, incumbent, Stopping(2.0), 0, ListScheduler(problem.arrays, problem.pinned))
    assert incumbent.starts is not None
    assert (incumbent.starts[problem.is_pinned] == plan.starts[problem.is_pinned]).all()


def test_without_a_schedule_there_is_nothing_to_improve() -> None:
    problem = Problem(Instance.load("opposed-x2"))
    incumbent = Incumbent(problem, Stopping(None))
    search_keys(problem, incumbent, Stopping(None), 0, ListScheduler(problem.arrays))
    assert incumbent.starts is None
