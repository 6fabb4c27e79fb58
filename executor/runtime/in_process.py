"""All ranks in one process: actions of every rank in one order, messages handed over directly."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter_ns

from torch import Tensor

from gapweave.executor.program import Action, Program
from gapweave.executor.runtime.interpreter import Interpreter
from gapweave.executor.runtime.record import ACTION_WORD
from gapweave.models.errors import ExecutionFailed
from gapweave.models.task import Task


class Channel:
    """One directed pair of ranks: a message moves as soon as it is sent and its receive is posted.

    Messages are matched first in, first out, as between processes; the receiver's actions only tell which
    one it counts on.
    """

    def __init__(self) -> None:
        self._sent: deque[Sequence[Tensor]] = deque()
        self._posted: deque[tuple[Task, Sequence[Tensor]]] = deque()
        self._arrived: set[Task] = set()

    def send(self, tensors: Sequence[Tensor]) -> None:
        """Put a message in; it is copied, because its sender may go on changing it."""
        self._sent.append([tensor.detach().clone() for tensor in tensors])
        self._move()

    def post(self, message: Task, buffers: Sequence[Tensor]) -> None:
        """Say where the next message goes."""
        self._posted.append((message, buffers))
        self._move()

    def take(self, message: Task) -> bool:
        """Whether a message is in its buffers; it then counts as taken."""
        if message not in self._arrived:
            return False
        self._arrived.remove(message)
        return True

    def _move(self) -> None:
        while self._sent and self._posted:
            message, buffers = self._posted.popleft()
            for buffer, tensor in zip(buffers, self._sent.popleft(), strict=True):
                buffer.copy_(tensor)
            self._arrived.add(message)


class InProcessTransport:
    """The channels of one rank to ranks of the same process.

    Parameters
    ----------
    channels
        By (sending rank, receiving rank); shared by all ranks.
    """

    def __init__(self, rank: int, channels: defaultdict[tuple[int, int], Channel]) -> None:
        self._rank = rank
        self._channels = channels

    def send(self, action: Action, tensors: Sequence[Tensor]) -> None:
        """Put a message into its channel."""
        assert action.peer is not None
        self._channels[self._rank, action.peer].send(tensors)

    def post(self, action: Action, buffers: Sequence[Tensor]) -> None:
        """Say where the channel's next message goes."""
        assert action.peer is not None
        self._channels[action.peer, self._rank].post(action.task, buffers)

    def take(self, action: Action, deadline: float) -> None:
        """Require that the message is there: nothing else runs meanwhile."""
        assert action.peer is not None
        if not self._channels[action.peer, self._rank].take(action.task):
            raise ExecutionFailed(f"nothing came from rank {action.peer}")

    def finish(self, deadline: float) -> None:
        """Nothing to wait for: what was sent has left."""


def merged_order(programs: Sequence[Program], starts: Mapping[Task, int]) -> Iterator[tuple[int, int]]:
    """Merge the programs into one order in which every message is sent before it is taken.

    Parameters
    ----------
    starts
        The planned start of each task: of the tasks that could run next, the earliest one does.

    Yields
    ------
    tuple of int
        Rank, and the index of its action.

    Raises
    ------
    ExecutionFailed
        The programs wait for each other.
    """
    merge = _Merge(programs, starts)
    while merge.unfinished:
        rank = merge.choose()
        yield rank, merge.advance(rank)


class _Merge:
    def __init__(self, programs: Sequence[Program], starts: Mapping[Task, int]) -> None:
        self._programs = programs
        self._starts = starts
        self._next = [0] * len(programs)
        self._sent: set[tuple[int, Task]] = set()
        self.unfinished = {program.rank for program in programs if program.actions}

    def choose(self) -> int:
        ready = [rank for rank in sorted(self.unfinished) if self._is_ready(rank)]
        if not ready:
            waiting = (f"rank {rank}: '{self._action(rank)}'" for rank in sorted(self.unfinished))
            raise ExecutionFailed(f"every rank waits for another: {', '.join(waiting)}")
        return min(ready, key=self._urgency)

    def advance(self, rank: int) -> int:
        action, index = self._action(rank), self._next[rank]
        if action.op == "send":
            assert action.peer is not None
            self._sent.add((action.peer, action.task))
        self._next[rank] += 1
        if self._next[rank] == len(self._programs[rank].actions):
            self.unfinished.remove(rank)
        return index

    def _action(self, rank: int) -> Action:
        return self._programs[rank].actions[self._next[rank]]

    def _is_ready(self, rank: int) -> bool:
        action = self._action(rank)
        return action.op != "take" or (rank, action.task) in self._sent

    def _urgency(self, rank: int) -> float:
        """Everything but a task takes no time: it goes first."""
        action = self._action(rank)
        return self._starts.get(action.task, -1) if action.op == "run" else -1


class InProcessRanks:
    """The ranks of one process, driven by one thread.

    Parameters
    ----------
    interpreters
        One for each rank, in order.
    check_stop
        Called before every action; may raise to end the run.
    """

    def __init__(
        self,
        interpreters: Sequence[Interpreter],
        starts: Mapping[Task, int],
        check_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.interpreters = interpreters
        order = merged_order([interpreter.program for interpreter in interpreters], starts)
        self.order = tuple(order)
        self._check_stop = check_stop

    def run(self, repetition: int, first: int = 0) -> None:
        """Carry out every program once; raises ActionFailed."""
        words = [interpreter.begin(repetition, first) for interpreter in self.interpreters]
        for rank, index in self.order:
            self._check_stop()
            self.perform(rank, index, words[rank] + 2 * index)
        for interpreter in self.interpreters:
            interpreter.end(repetition)

    def perform(self, rank: int, index: int, word: int) -> None:
        """Carry out one action, and note its times in the rank's record at ``word``."""
        interpreter = self.interpreters[rank]
        record = interpreter.record.words
        record[ACTION_WORD] = index
        record[word] = perf_counter_ns()
        try:
            interpreter.table[index]()
        except (Exception, SystemExit) as exc:
            raise interpreter.failure(index, exc) from exc
        record[word + 1] = perf_counter_ns()
