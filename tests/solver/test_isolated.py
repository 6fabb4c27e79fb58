"""CP-SAT in processes of its own: what it finds arrives, and its faults cost answers, not the solve."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from ortools.sat.python import cp_model

from gapweave import solve
from gapweave.instances.generator import make_instance as made
from gapweave.models.errors import InternalError
from gapweave.models.instance import Instance
from gapweave.models.verify import verify
from gapweave.solver.cpsat import isolated
from gapweave.solver.cpsat.decision import Decision
from gapweave.solver.cpsat.interruptible import solve_until
from gapweave.solver.cpsat.isolated import IsolatedSolver
from gapweave.solver.cpsat.solvers import searching
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping


def triangle() -> tuple[cp_model.CpModel, cp_model.IntVar, cp_model.IntVar]:
    """Maximise 2 x + y where x + y <= 7 and x <= 5: 12."""
    model = cp_model.CpModel()
    x, y = model.new_int_var(0, 5, "x"), model.new_int_var(0, 9, "y")
    model.add(x + y <= 7)
    model.maximize(2 * x + y)
    return model, x, y


def long_question() -> tuple[IsolatedSolver, cp_model.CpModel]:
    """A horizon about which CP-SAT has nothing to say for a long time."""
    problem = Problem(Instance.load("zb-6.2b+1.5b-p8-m24-1x"))
    decision = Decision(problem, round(1.02 * problem.bound.value), seed=0)
    assert decision.build(Stopping(None))
    return decision.solver, decision.cp_model


def when_it_works(solver: IsolatedSolver, act: Callable[[Any], None]) -> threading.Thread:
    """Do something to a solver's process a moment after it was asked."""

    def wait_and_act() -> None:
        while solver._engine is None or not solver._engine._is_ready:
            time.sleep(0.01)
        time.sleep(0.2)
        act(solver._engine)

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_what_is_found_arrives() -> None:
    model, x, y = triangle()
    solver = searching(1, seed=0)
    solutions, bounds = [], []
    status = solver.solve(model, lambda found: solutions.append(found.value(2 * x + y)), bounds.append)
    assert status == cp_model.OPTIMAL
    assert (solver.value(x), solver.value(y), solver.value(3 - x), solver.value(4)) == (5, 2, -2, 4)
    assert solver.best_objective_bound == 12
    assert solutions[-1] == bounds[-1] == 12
    assert solver.work > 0


def test_answers_are_those_of_cp_sat_in_this_process() -> None:
    model, x, _ = triangle()
    here, apart = cp_model.CpSolver(), searching(1, seed=0)
    here.parameters.copy_from(apart.parameters)
    assert here.solve(model) == apart.solve(model)
    assert here.value(x) == apart.value(x)
    assert here.response_proto.deterministic_time == apart.work


def test_an_invalid_model_is_named_so() -> None:
    model = cp_model.CpModel()
    model.new_int_var(5, 3, "x")
    with pytest.raises(InternalError, match="CP-SAT refuses a model: "):
        searching(1, seed=0).solve(model)


def test_one_process_answers_one_question_after_the_other() -> None:
    model, *_ = triangle()
    first = isolated._take_engine()
    isolated._return_engine(first)
    for _ in range(3):
        assert searching(1, seed=0).solve(model) == cp_model.OPTIMAL
        assert isolated._idle[-1] is first


def test_a_process_that_ends_costs_one_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    solver, model = long_question()
    solver.parameters.max_deterministic_time = 40.0
    thread = when_it_works(solver, lambda engine: os.kill(engine._process.pid, signal.SIGABRT))
    assert solver.solve(model) is None
    thread.join()
    assert solver.work == 40.0
    assert "its question stays open" in caplog.text
    assert searching(1, seed=0).solve(triangle()[0]) == cp_model.OPTIMAL


@pytest.mark.parametrize("way", ["stop_search", "kill"])
def test_a_question_ends_when_told(way: str) -> None:
    solver, model = long_question()
    thread = when_it_works(solver, lambda _: getattr(solver, way)())
    assert solver.solve(model) in (cp_model.UNKNOWN, None)
    thread.join()


def test_a_question_told_to_stop_before_it_is_asked_is_not_asked() -> None:
    solver, model = long_question()
    solver.stop_search()
    assert solver.solve(model) is None
    assert solver.work == 0


def test_a_process_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated._Engine, "stop", lambda engine: None)
    solver, model = long_question()
    begin = time.monotonic()
    assert solve_until(solver, model, lambda: time.monotonic() > begin + 1.0) is None


def test_a_process_that_is_halted_is_ended() -> None:
    isolated._close_idle()
    engine = isolated._take_engine()
    os.kill(engine._process.pid, signal.SIGSTOP)
    isolated._return_engine(engine)
    solver, model = long_question()
    begin = time.monotonic()
    assert solve_until(solver, model, lambda: time.monotonic() > begin + 0.5) is None
    assert not engine.is_alive


def test_ctrl_c_in_the_terminal_does_not_end_it() -> None:
    solver, model = long_question()
    solver.parameters.max_time_in_seconds = 1.5
    thread = when_it_works(solver, lambda engine: os.kill(engine._process.pid, signal.SIGINT))
    assert solver.solve(model) == cp_model.UNKNOWN
    thread.join()


def test_what_fails_at_the_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    isolated._close_idle()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InternalError, match="the process for CP-SAT ended at its start: exit status 1"):
        searching(1, seed=0).solve(triangle()[0])
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(InternalError, match="no process for CP-SAT could be started: "):
        searching(1, seed=0).solve(triangle()[0])


def test_the_process_ends_with_the_one_that_started_it() -> None:
    program = """
from test_isolated import triangle
from gapweave.solver.cpsat import isolated
from gapweave.solver.cpsat.solvers import searching
import os
searching(1, seed=0).solve(triangle()[0])
print(isolated._idle[0]._process.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    paths = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    pid = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the process goes on without anyone to answer to")


def test_a_solve_survives_failing_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    isolated._close_idle()
    ask = isolated._Engine.ask
    failed = []

    def fail_every_second_time(engine: Any, *question: Any) -> None:
        if engine._is_ready:
            os.kill(engine._process.pid, signal.SIGABRT)
            failed.append(engine)
        ask(engine, *question)

    monkeypatch.setattr(isolated._Engine, "ask", fail_every_second_time)
    pair = made(devices=2, microbatches=(3, 2), split=True, transfer=10, memory_microbatches=1, seed=290502)
    schedule = solve(pair, time_limit=60.0, workers=1)
    assert schedule.status == "optimal"
    assert schedule.makespan == 24_490
    assert not verify(schedule)
    assert failed
