"""Which streams there are to try."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, TypeAlias

from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities

#: Microbatches of a job that go before all others, as shares of what memory holds.
_SHARES_OUTSIDE = (0.25, 0.375, 0.5, 0.625, 0.75)

#: A sequence of microbatches: the job of each.
Turns: TypeAlias = tuple[int, ...]


class Stream(NamedTuple):
    """A sequence of microbatches in blocks of one job.

    Attributes
    ----------
    form
        Which blocks it has, in words; streams of one form resemble each other.
    name
        The form, and how many microbatches its outermost blocks have.
    turns
        The job of each microbatch.
    """

    form: str
    name: str
    turns: Turns


def streams(problem: Problem) -> Iterator[Stream]:
    """Yield the streams to try, each job outside in turn.

    Once some of it go first and all its others last; once some go first and as many last, and the others
    in the middle of the other jobs.
    """
    counts = [job.microbatch_count for job in problem.instance.jobs]
    fitting = _fitting(problem)
    for outer, count in enumerate(counts):
        inner = [(job, own) for job, own in enumerate(counts) if job != outer]
        first_half = [(job, own // 2) for job, own in inner]
        second_half = [(job, own - own // 2) for job, own in inner]
        for outside in sorted({round(share * fitting) for share in _SHARES_OUTSIDE}):
            if 0 < outside < count:
                blocks = [(outer, outside), *inner, (outer, count - outside)]
                yield _stream(f"job {outer} before", outside, blocks)
            if 0 < 2 * outside < count:
                ends = (outer, outside)
                blocks = [ends, *first_half, (outer, count - 2 * outside), *second_half, ends]
                yield _stream(f"job {outer} around", outside, blocks)


def _stream(form: str, outside: int, blocks: Sequence[tuple[int, int]]) -> Stream:
    turns = tuple(job for job, count in blocks for job in repeat(job, count))
    return Stream(form, f"stream, {outside} of {form}", turns)


def _fitting(problem: Problem) -> int:
    """Return how many microbatches of the largest job fit into the memory of every device."""
    free = free_capacities(problem.instance)
    fitting = []
    for job in problem.instance.jobs:
        for stage in job.stages:
            own = free[stage.device]
            if own is not None and stage.memory.peak > 0:
                fitting.append(own // stage.memory.peak)
    return min(fitting, default=0)
