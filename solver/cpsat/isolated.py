"""CP-SAT in processes of its own: a fault in OR-Tools costs the answer to one question, not the solve.

OR-Tools ends the whole process where one of its internal checks fails, and with precedence branching that
happens (``docs/solver.md``). It also makes deadlines firm: what does not stop in time is ended.
"""

import atexit
import logging
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.errors import InternalError
from gapweave.models.task_arrays import Int64Array

#: Seconds that CP-SAT may take to listen, or to return once it was told to stop; then its process is ended.
PATIENCE = 0.3

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assignment:
    """Values of all variables of a model, shape (variables,)."""

    values: Int64Array

    def value(self, expression: cp_model.LinearExprT) -> int:
        """Return the value of a linear expression."""
        if isinstance(expression, cp_model.IntVar):
            return int(self.values[expression.index])
        if not isinstance(expression, cp_model.LinearExpr):
            return int(expression)
        flat = cp_model.FlatIntExpr(expression)
        terms = zip(flat.coeffs, flat.vars, strict=True)
        return int(flat.offset) + sum(int(factor) * int(self.values[own.index]) for factor, own in terms)


class IsolatedSolver:
    """As OR-Tools' ``CpSolver``: parameters, one model, then what was found.

    Attributes
    ----------
    parameters
        Of CP-SAT.
    work
        Deterministic units that the answer took; without one, its limit of them, if there was one.
    best_objective_bound
        What was proven of the objective; minus infinity without an answer.
    """

    def __init__(self) -> None:
        self.parameters = cp_model.SatParameters()
        self.work = 0.0
        self.best_objective_bound = float("-inf")
        self._found: Assignment | None = None
        self._engine: _Engine | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def solve(
        self,
        model: cp_model.CpModel,
        on_solution: Callable[[Assignment], None] | None = None,
        on_bound: Callable[[float], None] | None = None,
    ) -> cp_model.CpSolverStatus | None:
        """Solve a model; returns CP-SAT's status, None if it was stopped or failed and has nothing to say.

        ``on_solution`` and ``on_bound`` are called from this thread, with what is found on the way.

        Raises
        ------
        InternalError
            CP-SAT refuses the model.
        """
        streams = on_solution is not None or on_bound is not None
        question = str(self.parameters), str(model.proto), streams
        with self._lock:
            if self._is_stopped:
                return None
            engine = self._engine = _take_engine()
        answer = None
        try:
            engine.ask(*question)
            if self._is_stopped:  # before it was asked
                engine.stop()
            while (reply := engine.reply()) is not None:
                kind, *content = reply
                if kind == "solution" and on_solution is not None:
                    on_solution(_assignment(content[0]))
                elif kind == "bound" and on_bound is not None:
                    on_bound(content[0])
                elif kind == "answer":
                    answer = content
                    break
        finally:
            with self._lock:
                self._engine = None
            if answer is None:
                engine.close()
            else:
                _return_engine(engine)
        if answer is None:
            limit = float(self.parameters.max_deterministic_time)
            self.work = limit if isfinite(limit) else 0.0
            return None
        status, values, self.best_objective_bound, self.work = answer
        self._found = _assignment(values)
        if status == cp_model.MODEL_INVALID:
            raise InternalError(f"CP-SAT refuses a model: {model.validate()}")
        return None if status is None else cp_model.CpSolverStatus(status)

    def value(self, expression: cp_model.LinearExprT) -> int:
        """Return the value of a linear expression in what was found."""
        assert self._found is not None
        return self._found.value(expression)

    def stop_search(self) -> None:
        """Ask CP-SAT to end the search; from another thread, at any time."""
        with self._lock:
            self._is_stopped = True
            if self._engine is not None:
                self._engine.stop()

    def kill(self) -> None:
        """End the search at once, without an answer; from another thread."""
        with self._lock:
            self._is_stopped = True
            if self._engine is not None:
                self._engine.kill()


class _Engine:
    """A process that runs CP-SAT (`engine`)."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, it lives as long as the process
        self._lock = threading.Lock()
        self._number = 0
        self._is_ready = False
        self._is_killed = False
        script = Path(__file__).with_name("engine.py")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
            )
        except OSError as exc:
            raise InternalError(f"no process for CP-SAT could be started: {exc}") from exc

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, *question: Any) -> None:
        """Send a question."""
        with self._lock:
            self._number += 1
            self._send("solve", self._number, *question)

    def stop(self) -> None:
        """Ask it to end the search of the last question; in vain while it does not even take that in."""
        if self._lock.acquire(timeout=PATIENCE):
            try:
                self._send("stop", self._number)
            finally:
                self._lock.release()

    def reply(self) -> tuple[Any, ...] | None:
        """Wait for a reply to the last question; None if the process has ended.

        Raises
        ------
        InternalError
            The process could not even begin.
        """
        assert self._process.stdout is not None
        try:
            reply: tuple[Any, ...] = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._explain_end()
            return None
        if reply[0] == "ready":
            self._is_ready = True
            return self.reply()
        return reply

    def kill(self) -> None:
        """End the process."""
        self._is_killed = True
        self._process.kill()

    def close(self) -> None:
        """End the process, and free what belongs to it."""
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                if stream is not None:
                    stream.close()
            except OSError:  # what could not be sent
                pass

    def _send(self, *request: Any) -> None:
        """Send a request; a process that has ended says so when it should reply."""
        assert self._process.stdin is not None
        try:
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
        except OSError:
            pass

    def _explain_end(self) -> None:
        if self._is_killed:
            return
        self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        if not self._is_ready:
            reason = words[-1] if words else f"exit status {self._process.returncode}"
            raise InternalError(f"the process for CP-SAT ended at its start: {reason}")
        reason = words[0] if words else f"exit status {self._process.returncode}"
        _log.info("CP-SAT's process ended (%s); its question stays open", reason)


#: Processes that wait for a question.
_idle: list[_Engine] = []
_idle_lock = threading.Lock()


def _take_engine() -> _Engine:
    """Return a process that waits for a question, a new one if there is none."""
    with _idle_lock:
        while _idle:
            engine = _idle.pop()
            if engine.is_alive:
                return engine
            engine.close()
    return _Engine()


def _return_engine(engine: _Engine) -> None:
    with _idle_lock:
        _idle.append(engine)


def _close_idle() -> None:
    with _idle_lock:
        while _idle:
            _idle.pop().close()


def _forget_idle() -> None:
    global _idle_lock
    _idle.clear()
    _idle_lock = threading.Lock()


def _assignment(values: bytes) -> Assignment:
    return Assignment(np.frombuffer(values, dtype=np.int64))


atexit.register(_close_idle)
if hasattr(os, "register_at_fork"):  # a forked process must not share pipes with the one it comes from
    os.register_at_fork(after_in_child=_forget_idle)
