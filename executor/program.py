"""The program of one rank: the actions that a device carries out in a step, as text and back.

A program is one line per action::

    program rank=1 ranks=4 schedule=9f2c...
    post F j0 t0 s0 m0 <-0 b0
    take F j0 t0 s0 m0 <-0 b0
    run F j0 t0 s1 m0
    send F j0 t0 s1 m0 ->2

``j`` job, ``t`` step, ``s`` stage, ``m`` microbatch, ``b`` receive buffer. A message bears the name of the
task that produced it: ``F`` an activation for the next stage, ``B`` a gradient for the previous one, ``N`` a
stage's squared gradient norm for the device of stage 0, ``S`` the clipping factor back from there to the
device of a stage.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from gapweave.models.errors import GapweaveError
from gapweave.models.task import Task

#: ``run`` a task, ``send`` a message, ``post`` the receive of a message, ``take`` a message that was posted.
Operation: TypeAlias = Literal["run", "send", "post", "take"]
OPERATIONS: tuple[Operation, ...] = ("run", "send", "post", "take")
#: What tasks produce for other devices; F and B as in `gapweave.models.task`.
MESSAGE_KINDS = ("F", "B", "N", "S")

_HEADER = re.compile(r"program rank=(\d+) ranks=(\d+) schedule=(\S+)")
_LINE = re.compile(
    r"(?P<op>run|send|post|take) (?P<kind>[FBWONS]) j(?P<job>\d+) t(?P<step>\d+) s(?P<stage>\d+)"
    r"(?: m(?P<microbatch>\d+))?(?: (?:->|<-)(?P<peer>\d+))?(?: b(?P<buffer>\d+))?"
)


class InvalidProgram(GapweaveError):
    """A text that is no program; names the line."""


class Action(NamedTuple):
    """One line of a program.

    Attributes
    ----------
    peer
        The rank at the other end of a message; None for ``run``.
    buffer
        The receive buffer, counted from 0 for each (job, kind, stage); None for ``run`` and ``send``.
    """

    op: Operation
    kind: str
    job: int
    step: int
    stage: int
    microbatch: int | None
    peer: int | None = None
    buffer: int | None = None

    @property
    def task(self) -> Task:
        """The task that runs, or that produced the message."""
        return Task(self.job, self.step, self.kind, self.stage, self.microbatch)

    def __str__(self) -> str:
        words = [self.op, self.kind, f"j{self.job}", f"t{self.step}", f"s{self.stage}"]
        if self.microbatch is not None:
            words.append(f"m{self.microbatch}")
        if self.peer is not None:
            words.append(f"{'->' if self.op == 'send' else '<-'}{self.peer}")
        if self.buffer is not None:
            words.append(f"b{self.buffer}")
        return " ".join(words)


class Program(NamedTuple):
    """What one rank does in one step.

    Attributes
    ----------
    schedule
        Digest of the schedule that was lowered: ranks compare it before the first step.
    """

    rank: int
    ranks: int
    schedule: str
    actions: tuple[Action, ...]

    def __str__(self) -> str:
        header = f"program rank={self.rank} ranks={self.ranks} schedule={self.schedule}"
        return "\n".join((header, *map(str, self.actions))) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Program":
        """Read a program back from its text; raises InvalidProgram."""
        header, *lines = text.strip().splitlines() or [""]
        matched = _HEADER.fullmatch(header.strip())
        if matched is None:
            raise InvalidProgram(f"line 1: expected 'program rank=R ranks=N schedule=DIGEST', got {header!r}")
        rank, ranks, schedule = matched.groups()
        return cls(int(rank), int(ranks), schedule, tuple(_parse_actions(lines)))


def _parse_actions(lines: Iterable[str]) -> Iterator[Action]:
    for number, line in enumerate(lines, start=2):
        matched = _LINE.fullmatch(line.strip())
        if matched is None:
            raise InvalidProgram(
                f"line {number}: expected an action such as 'run F j0 t0 s0 m0', got {line!r}"
            )
        op, kind, *numbers = matched.groups()
        job, step, stage, microbatch, peer, buffer = (None if n is None else int(n) for n in numbers)
        yield Action(op, kind, job, step, stage, microbatch, peer, buffer)  # type: ignore[arg-type]
