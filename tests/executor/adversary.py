"""Plays programs in an order drawn at random, with messages that rendezvous: the worst that a network may do.

A message moves only when its receive is posted, after any delay, and goes where the oldest receive of its
channel points: what the receiver expects is not looked at. Buffers keep what was last written into them.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random

from gapweave.executor.lowering.buffers import last_reader
from gapweave.executor.program import Action, Program
from gapweave.models.instance import Job
from gapweave.models.task import Task

Place = tuple[int, int, str, int, int | None]


class Deadlock(Exception):
    """Ranks are left, and nothing can happen any more."""


class Adversary:
    """One play; ``wrong`` are the reads that found another message than the one they were for.

    Parameters
    ----------
    one_queue
        Sends and receives between two ranks share one queue at each end, as with one channel for both
        directions: only the oldest of each can meet.
    """

    def __init__(
        self, jobs: Sequence[Job], programs: Sequence[Program], seed: int, one_queue: bool = False
    ) -> None:
        self.wrong: list[Action] = []
        self._jobs = jobs
        self._programs = programs
        self._random = Random(seed)
        self._one_queue = one_queue
        self._next = [0] * len(programs)
        self._queues: dict[tuple[int, int, str], deque[Action]] = {}
        self._buffers: dict[Place, Task] = {}
        self._arrived: set[tuple[int, Task]] = set()
        self._readers: dict[tuple[int, Task], list[Action]] = {}

    def play(self, repetitions: int = 2) -> None:
        """Carry out every program this often; raises Deadlock."""
        for _ in range(repetitions):
            self._next = [0] * len(self._programs)
            while any(at < len(p.actions) for at, p in zip(self._next, self._programs, strict=True)):
                choices = [*self._ready_ranks(), *self._ready_messages()]
                if not choices:
                    raise Deadlock
                chosen = self._random.choice(choices)
                if isinstance(chosen, int):
                    self._advance(chosen)
                else:
                    self._move(*chosen)

    def _ready_ranks(self) -> Iterator[int]:
        for rank, program in enumerate(self._programs):
            if self._next[rank] < len(program.actions):
                action = program.actions[self._next[rank]]
                if action.op != "take" or (rank, action.task) in self._arrived:
                    yield rank

    def _ready_messages(self) -> Iterator[tuple[int, int]]:
        for source in range(len(self._programs)):
            for destination in range(len(self._programs)):
                sends = self._queue(source, destination, "send")
                posts = self._queue(destination, source, "post")
                if sends and posts and sends[0].op == "send" and posts[0].op == "post":
                    yield source, destination

    def _advance(self, rank: int) -> None:
        action = self._programs[rank].actions[self._next[rank]]
        self._next[rank] += 1
        if action.peer is not None and action.op != "take":
            self._queue(rank, action.peer, action.op).append(action)
        elif action.op == "take":
            self._arrived.remove((rank, action.task))
            self._read(rank, action)
            reader = last_reader(self._jobs[action.job], action.task)
            self._readers.setdefault((rank, reader), []).append(action)
        else:
            for taken in self._readers.pop((rank, action.task), []):
                self._read(rank, taken)

    def _move(self, source: int, destination: int) -> None:
        sent = self._queue(source, destination, "send").popleft()
        post = self._queue(destination, source, "post").popleft()
        self._buffers[self._place(destination, post)] = sent.task
        self._arrived.add((destination, post.task))

    def _read(self, rank: int, action: Action) -> None:
        if self._buffers[self._place(rank, action)] != action.task:
            self.wrong.append(action)

    def _queue(self, rank: int, peer: int, op: str) -> deque[Action]:
        return self._queues.setdefault((rank, peer, "" if self._one_queue else op), deque())

    def _place(self, rank: int, action: Action) -> Place:
        return rank, action.job, action.kind, action.stage, action.buffer
