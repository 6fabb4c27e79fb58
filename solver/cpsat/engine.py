"""The process that runs CP-SAT; a script of its own, started by `isolated`, that knows nothing of gapweave.

It reads pickled requests from its standard input and writes pickled replies to its standard output.
Requests: ``("solve", number, parameters, model, streams)``, with parameters and model in protobuf's text
format, and whether solutions and bounds are wanted on the way; ``("stop", number)``. Replies: ``("ready",)``
at the start; ``("solution", values)`` and ``("bound", value)`` on the way; ``("answer", status, values,
bound, units)`` at the end, with status None if it was stopped before it began. It ends with its standard
input.
"""

import os
import pickle
import signal
import sys
import threading
from array import array
from queue import SimpleQueue
from typing import Any, BinaryIO

# cp_model has the same names, but takes six times as long to load.
from ortools.sat.python.cp_model_helper import (
    CpModelProto,
    SatParameters,
    SolutionCallback,
    SolveWrapper,
)


class _Replies:
    """Writes replies, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, *reply: Any) -> None:
        with self._lock:
            pickle.dump(reply, self._stream)
            self._stream.flush()


class _Question:
    """One model to solve."""

    def __init__(self, number: int, parameters: str, model: str, streams: bool) -> None:
        self.number = number
        self._parameters = parameters
        self._model = model
        self._streams = streams
        self._wrapper = SolveWrapper()
        self._is_stopped = False

    def stop(self) -> None:
        """End the search early; from another thread."""
        self._is_stopped = True
        self._wrapper.stop_search()

    def answer(self, replies: _Replies) -> None:
        """Solve it, and send what is found."""
        parameters, model = SatParameters(), CpModelProto()
        if not (parameters.parse_text_format(self._parameters) and model.parse_text_format(self._model)):
            raise ValueError("a model or its parameters are no protobuf text")
        self._wrapper.set_parameters(parameters)
        on_solution = _OnSolution(replies)
        if self._streams:
            self._wrapper.add_solution_callback(on_solution)
            self._wrapper.add_best_bound_callback(lambda bound: replies.send("bound", bound))
        if self._is_stopped:
            replies.send("answer", None, b"", float("-inf"), 0.0)
            return
        found = self._wrapper.solve(model)  # type: ignore[no-untyped-call]
        if self._streams:
            self._wrapper.clear_solution_callback(on_solution)
        values = array("q", found.solution).tobytes()
        units = found.deterministic_time
        replies.send("answer", int(found.status), values, found.best_objective_bound, units)


class _OnSolution(SolutionCallback):
    """Sends each solution on the way."""

    def __init__(self, replies: _Replies) -> None:
        super().__init__()
        self._replies = replies

    def OnSolutionCallback(self) -> None:
        self._replies.send("solution", array("q", self.Response().solution).tobytes())  # type: ignore[no-untyped-call]


def main() -> None:
    """Answer one question after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the process that asks
    replies = _Replies(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed is no reply
    questions: SimpleQueue[_Question] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, questions), daemon=True).start()
    replies.send("ready")
    while True:
        questions.get().answer(replies)


def _listen(requests: BinaryIO, questions: "SimpleQueue[_Question]") -> None:
    """Take requests; a question to be stopped is always the last one."""
    last = None
    while True:
        try:
            request, number, *rest = pickle.load(requests)
        except (EOFError, OSError):
            os._exit(0)
        if request == "solve":
            last = _Question(number, *rest)
            questions.put(last)
        elif last is not None and last.number == number:
            last.stop()


if __name__ == "__main__":
    main()
