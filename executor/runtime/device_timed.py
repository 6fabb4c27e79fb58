"""One rank whose work is done by a device behind the host: times are read from marks in its stream."""

from time import perf_counter_ns
from typing import NamedTuple

from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.record import ACTION_WORD
from gapweave.executor.runtime.virtual_devices.streams import Mark, Stream

#: Actions that take time on the device; the others only touch the host.
_MEASURED = ("run", "take")


class _Pending(NamedTuple):
    """An action that was issued, with its word in the record."""

    word: int
    begin: Mark
    end: Mark


class DeviceTimedRank:
    """Carries out the program of one rank in one stream; waits for the device at the end of each repetition.

    Until then the record holds the times at which the host issued the actions.
    """

    def __init__(self, interpreter: Interpreter, stream: Stream) -> None:
        self._interpreter = interpreter
        self._stream = stream
        self._is_measured = [action.op in _MEASURED for action in interpreter.program.actions]

    def run(self, repetition: int, first: int = 0) -> None:
        """Carry out the whole program once; raises ActionFailed."""
        interpreter, stream = self._interpreter, self._stream
        words, word = interpreter.record.words, interpreter.begin(repetition, first)
        stream.synchronize()
        host, origin = perf_counter_ns(), stream.record()
        pending: list[_Pending] = []
        index = 0
        try:
            for index, perform in enumerate(interpreter.table):
                words[ACTION_WORD] = index
                words[word] = perf_counter_ns()
                begin = stream.record() if self._is_measured[index] else None
                perform()
                words[word + 1] = perf_counter_ns()
                if begin is not None:
                    pending.append(_Pending(word, begin, stream.record()))
                word += 2
            stream.synchronize()
        except (Exception, SystemExit) as exc:
            raise interpreter.failure(index, exc) from exc
        for own in pending:
            words[own.word] = host + own.begin.since(origin)
            words[own.word + 1] = host + own.end.since(origin)
        interpreter.end(repetition)
