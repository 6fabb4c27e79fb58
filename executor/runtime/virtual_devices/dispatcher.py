"""One thread that issues the actions of all virtual devices, in the planned order, and never waits inside."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from time import perf_counter, perf_counter_ns, sleep
from typing import NamedTuple

from gapweave.executor.program import Action
from gapweave.executor.runtime.in_process import merged_order
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.record import ACTION_WORD
from gapweave.executor.runtime.virtual_devices.streams import Mark, Stream
from gapweave.models.errors import ExecutionFailed
from gapweave.models.task import Task

#: Seconds between two looks at the device; its own times do not depend on it.
_POLL = 0.0002


class Origin(NamedTuple):
    """One moment on both clocks: a mark in a stream, and the host's nanoseconds."""

    mark: Mark
    nanoseconds: int


class Lead(NamedTuple):
    """How far the host was ahead of the device at a task; nanoseconds on the host's clock."""

    issued: int
    begun: int


class _Pending(NamedTuple):
    """An action that was issued and whose times are not read yet."""

    rank: int
    word: int
    action: Action
    issued: int
    begin: Mark
    end: Mark


class Dispatcher:
    """Runs the programs of all virtual devices of one GPU.

    A device's actions are issued to its stream in the order of its program. Between repetitions every stream
    waits for all others, so that a repetition has a beginning and an end.

    Parameters
    ----------
    interpreters
        One for each device, in order, whose transports belong to the same streams.
    starts
        The planned start of each task.
    streams
        One for each device.
    check_stop
        Called between groups of actions; may raise to end the run.
    judges
        Called when the device has done what was issued; may raise because numbers are not finite.
    patience
        Seconds that the device is waited for.

    Attributes
    ----------
    leads
        Of every task that was collected: when it was issued and when the device began it.
    """

    def __init__(
        self,
        interpreters: Sequence[Interpreter],
        starts: Mapping[Task, int],
        streams: Sequence[Stream],
        check_stop: Callable[[], None] = lambda: None,
        judges: Sequence[Callable[[], None]] = (),
        patience: float = 600.0,
    ) -> None:
        self.interpreters = interpreters
        self._check_stop = check_stop
        self._judges = judges
        self._patience = patience
        self._streams = streams
        order = merged_order([interpreter.program for interpreter in interpreters], starts)
        self._runs = [(rank, [index for _, index in run]) for rank, run in groupby(order, itemgetter(0))]
        self._pending: list[_Pending] = []
        self._issued: list[int] = []
        self._meetings: deque[list[Mark]] = deque()
        self._last: list[Mark] = []
        self._origin: Origin | None = None
        self.leads: list[Lead] = []

    def run(self, repetition: int, first: int = 0) -> None:
        """Run every program once and wait for the device; raises ActionFailed."""
        self.issue(repetition, first)
        self.finish()

    def issue(self, repetition: int, first: int = 0) -> None:
        """Issue every program once, without waiting for the device; raises ActionFailed."""
        self._meet()
        self._issued.append(repetition)
        words = [interpreter.begin(repetition, first) for interpreter in self.interpreters]
        for rank, indices in self._runs:
            self._check_stop()
            with self._streams[rank].active():
                for index in indices:
                    self._perform(rank, index, words[rank] + 2 * index)

    def finish(self) -> None:
        """Wait until the device has done all that was issued, and put its times into the records.

        Raises
        ------
        ExecutionFailed
            The device hangs, or a number is not finite.
        """
        self._await([stream.record() for stream in self._streams])
        self._synchronize()
        for pending, begin, end in self._times():
            words = self.interpreters[pending.rank].record.words
            words[pending.word], words[pending.word + 1] = begin, end
            if pending.action.op == "run":
                self.leads.append(Lead(pending.issued, begin))
        for repetition in self._issued:
            for interpreter in self.interpreters:
                interpreter.end(repetition)
        self._pending.clear()
        self._meetings.clear()
        self._issued.clear()
        self._origin = None
        for judge in self._judges:
            judge()

    def _perform(self, rank: int, index: int, word: int) -> None:
        """Carry out one action: its host times stand in the record until those of the device are known.

        A take lasts from the end of the task before. The other messages take no time on the device, and
        stand where that task ended.
        """
        interpreter, stream = self.interpreters[rank], self._streams[rank]
        words, action = interpreter.record.words, interpreter.program.actions[index]
        words[ACTION_WORD] = index
        words[word] = issued = perf_counter_ns()
        begin = stream.record() if action.op == "run" else self._last[rank]
        try:
            interpreter.table[index]()
        except (Exception, SystemExit) as exc:
            raise interpreter.failure(index, exc) from exc
        if action.op in ("run", "take"):
            self._last[rank] = stream.record()
        words[word + 1] = perf_counter_ns()
        self._pending.append(_Pending(rank, word, action, issued, begin, self._last[rank]))

    def _meet(self) -> None:
        """Let every stream wait for all others; where all are idle, set the origin of both clocks."""
        if self._origin is None:
            self._synchronize()
            before, mark = perf_counter_ns(), self._streams[0].record()
            self._streams[0].synchronize()
            self._origin = Origin(mark, (before + perf_counter_ns()) // 2)
        for stream in self._streams:
            stream.wait_for_default()
        marks = [stream.record() for stream in self._streams]
        for stream in self._streams:
            for mark in marks:
                stream.wait(mark)
        self._last = [stream.record() for stream in self._streams]
        self._wait_for_the_last_but_one()
        self._meetings.append(marks)

    def _wait_for_the_last_but_one(self) -> None:
        """Be one repetition ahead at most: what it sends to other streams takes memory of its own."""
        if len(self._meetings) > 1:
            self._await(self._meetings.popleft())

    def _await(self, marks: Sequence[Mark]) -> None:
        """Wait on the host until all marks are reached; raises ExecutionFailed."""
        deadline = perf_counter() + self._patience
        while not all(mark.is_reached() for mark in marks):
            self._check_stop()
            if perf_counter() > deadline:
                raise ExecutionFailed(f"the device did not finish a step within {self._patience:.0f} s")
            sleep(_POLL)

    def _synchronize(self) -> None:
        for stream in self._streams:
            stream.synchronize()

    def _times(self) -> Iterator[tuple[_Pending, int, int]]:
        """Yield begin and end of each action on the host's clock, messages never before they were sent."""
        if self._origin is None:
            return
        mark, host = self._origin
        sent: dict[tuple[int, Action], int] = {}
        for pending in self._pending:
            begin, end = host + pending.begin.since(mark), host + pending.end.since(mark)
            rank, action = pending.rank, pending.action
            if action.op == "send":
                sent[rank, action._replace(op="take", peer=rank)] = begin
            elif action.op == "take" and action.peer is not None:  # the clock is coarse
                end = max(end, sent[action.peer, action._replace(buffer=None)])
            yield pending, begin, end
