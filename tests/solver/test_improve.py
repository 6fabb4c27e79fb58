"""Lines: from where the search goes on, beside the best schedule."""

import numpy as np
import pytest

from gapweave import Instance
from gapweave.models.task_arrays import Int64Array
from gapweave.solver import improve
from gapweave.solver.dispatch_rule import DispatchRule
from gapweave.solver.improve import Improvement, lines_beside
from gapweave.solver.incumbent import Incumbent, Line
from gapweave.solver.kernels import prepare_windows
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.options import Options
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


def test_each_kind_of_source_has_one_line_the_best_one_first() -> None:
    problem = Problem(Instance.load("uniform-p8-m16-k2"))
    starts = np.arange(problem.arrays.node_count, dtype=np.int64)
    incumbent = Incumbent(problem, Stopping())
    ends = {
        "pattern": 5,
        "stream: job 0 before, 4 first": 3,
        "stream: job 0 before, 2 first": 2,
        "order search": 1,
        "list": 4,
    }
    for source, later in ends.items():
        incumbent.offer(starts + later, source)
    makespans = [line.makespan for line in lines_beside(incumbent)]
    assert incumbent.makespan is not None
    assert makespans == [incumbent.makespan + more for more in (1, 3, 4)]


def test_the_best_schedule_and_lines_near_it_have_rounds_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(Instance.load("fusion-10-cap"))
    starts = DispatchRule.default(2).run(ListScheduler(problem.arrays), problem.paths)
    assert starts is not None
    best = Incumbent(problem, Stopping())
    gap = problem.makespan(starts) - problem.bound.value
    for source, later in {"list": 100, "pattern": 101, "stream": 4 * (gap + 100)}.items():
        best.offer(starts + later, source)
    rounds: list[tuple[bool, float]] = []

    def windows(_: Problem, subject: Incumbent, *__: object, work_limit: float, **___: object) -> None:
        assert subject.starts is not None
        rounds.append((subject is best, work_limit))
        subject.offer(subject.starts - 3, "windows")

    prepare_windows()  # once in a process, by a window of its own
    monkeypatch.setattr(improve, "search_orders", lambda *_, **__: None)
    monkeypatch.setattr("gapweave.solver.cpsat.improve_by_windows", windows)
    monkeypatch.setattr(improve, "search_keys", lambda *_: None)
    options = Options("makespan", "joint", None, None, "given", None, 100.0, 2, 0, None)
    Improvement(problem, best).run(Stopping(), options, persistent=False)
    assert [subject for subject, _ in rounds[:4]] == [True, False, True, False]
    first, second = rounds[0][1], rounds[2][1]
    assert [effort for _, effort in rounds[:4]] == [first, first, second, second]
    assert second == 2 * first


def test_what_does_not_lead_on_makes_way_for_lines_that_begin_near_the_best_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem(Instance.load("fusion-10-cap"))
    best = Incumbent(problem, Stopping())
    best.offer(DispatchRule.default(2).run(ListScheduler(problem.arrays), problem.paths), "list")
    begun: list[Int64Array] = []
    subjects: list[Incumbent] = []

    def remember(_problem: Problem, subject: Incumbent, *_: object, **__: object) -> None:
        subjects.append(subject)

    def shake(*arguments: object) -> Int64Array | None:
        begun.append(shaken(*arguments))  # type: ignore[arg-type]
        return begun[-1]

    shaken = improve.shaken
    monkeypatch.setattr(improve, "shaken", shake)
    monkeypatch.setattr(improve, "search_orders", remember)
    monkeypatch.setattr("gapweave.solver.cpsat.improve_by_windows", lambda *_, **__: None)
    monkeypatch.setattr(improve, "search_keys", lambda *_: None)
    options = Options("makespan", "joint", None, None, "given", None, None, 1, 0, None)
    Improvement(problem, best).run(Stopping(), options, persistent=False)
    assert subjects[0] is best
    assert all(isinstance(subject, Line) for subject in subjects[1:])
    assert len({id(subject) for subject in subjects}) == len(subjects) > 3
    assert len(begun) == len(subjects) - 1
    assert all(problem.admits(starts) for starts in begun)
    assert len({starts.tobytes() for starts in begun}) == len(begun)
