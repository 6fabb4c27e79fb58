"""What one rank has done so far, in memory that outlives its process: progress and the times of actions."""

import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from gapweave.executor.measured.recording import Event
from gapweave.executor.program import Program

#: Words (8 bytes each) before the times: the fields below.
_HEADER = 8
_REPETITION, _ACTION, _COMPLETED, _ACTIONS, _ROWS, _RESUMED = range(6)
_WORD = 8


class Record:
    """Progress of one rank and the begin and end of its actions, in nanoseconds of the monotonic clock.

    Attributes
    ----------
    words
        Progress, then (begin, end) of every action in every repetition that is kept.
    actions
        Actions of the rank's program.
    rows
        Repetitions that are kept: the latest ones.
    """

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        self.words = memoryview(memory).cast("q")
        self.actions = self.words[_ACTIONS]
        self.rows = self.words[_ROWS]

    @classmethod
    def create(cls, actions: int, rows: int, path: Path | None = None) -> Self:
        """Make an empty record, in a file if a path is given; OSError if the disk is full."""
        length = _WORD * (_HEADER + 2 * actions * rows)
        memory = mmap.mmap(-1, length) if path is None else _file_memory(path, length)
        words = memoryview(memory).cast("q")
        words[_ACTIONS], words[_ROWS] = actions, rows
        words[_REPETITION] = -1
        return cls(memory)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Look at the record that another process writes or wrote."""
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), 0))

    @classmethod
    def from_bytes(cls, words: bytes) -> Self:
        """Return the record whose ``words`` came from elsewhere."""
        return cls(bytearray(words))

    @property
    def repetition(self) -> int:
        """The repetition of the program that was begun last, from 0; -1 before the first."""
        return self.words[_REPETITION]

    @property
    def action(self) -> int:
        """The index of the action that was begun last in this repetition."""
        return self.words[_ACTION]

    @property
    def completed(self) -> int:
        """How many repetitions are complete."""
        return self.words[_COMPLETED]

    @property
    def resumed(self) -> int:
        """How many repetitions earlier runs had completed."""
        return self.words[_RESUMED]

    def begin(self, repetition: int, resumed: int) -> int:
        """Begin a repetition; return the index of the word for the begin of its first action."""
        self.words[_RESUMED] = resumed
        self.words[_ACTION] = 0
        self.words[_REPETITION] = repetition
        return self._first_word(repetition)

    def complete(self, repetition: int) -> None:
        """Note that every action of a repetition has ended."""
        self.words[_COMPLETED] = repetition + 1

    def seconds(self, repetition: int) -> float:
        """Return the time from the first action's begin to the last one's end."""
        first = self._first_word(repetition)
        return (self.words[first + 2 * self.actions - 1] - self.words[first]) / 1e9 if self.actions else 0.0

    def events(self, program: Program) -> Iterator[Event]:
        """Return the actions that have ended, of the repetitions that are kept, in order."""
        for repetition in range(max(0, self.repetition + 1 - self.rows), self.repetition + 1):
            ended = self.actions if repetition < self.completed else self.action
            first = self._first_word(repetition)
            for index in range(ended):
                begin, end = self.words[first + 2 * index], self.words[first + 2 * index + 1]
                yield Event(program.rank, repetition, program.actions[index], begin, end)

    def _first_word(self, repetition: int) -> int:
        return _HEADER + 2 * self.actions * (repetition % self.rows)


#: Index of the word that holds the current action: the interpreter writes it at every action.
ACTION_WORD = _ACTION


def _file_memory(path: Path, length: int) -> mmap.mmap:
    with path.open("w+b") as file:
        _reserve(file.fileno(), length)
        return mmap.mmap(file.fileno(), length)


def _reserve(descriptor: int, length: int) -> None:
    """Claim the disk space now: writing to mapped memory on a full disk would kill the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, length)
    else:
        os.write(descriptor, bytes(length))
