"""Which streams there are to try."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, TypeAlias

from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities

#: Microbatches of a job that go before all others, as shares of how many may be in flight.
_SHARES_BEFORE_BLOCKS = (0.25, 0.375, 0.5, 0.625, 0.75)
_SHARES_AHEAD = (0.125, 0.25, 0.5)

#: A sequence of microbatches: the job of each.
Turns: TypeAlias = tuple[int, ...]
#: Some microbatches of one job in a row: the job, and how many.
_Run: TypeAlias = tuple[int, int]


class Stream(NamedTuple):
    """A sequence of all microbatches.

    Attributes
    ----------
    form
        What it looks like, in words; streams of one form resemble each other.
    name
        The same up to a comma, so that `gapweave.solver.improve` knows streams of one form as one kind, and
        how many microbatches of one job go before all others.
    turns
        The job of each microbatch.
    """

    form: str
    name: str
    turns: Turns


def streams(problem: Problem) -> list[Stream]:
    """Return the streams to try, each once.

    The jobs take turns, after some microbatches of one of them, and before as many at the end or not; or they
    follow one another in blocks.
    """
    counts = [job.microbatch_count for job in problem.instance.jobs]
    in_flight = _in_flight(problem)
    in_turn = _stream("in turn", 0, _in_turn(counts))
    different: dict[Turns, Stream] = {}
    for stream in (in_turn, *_ahead(counts, in_flight), *_in_blocks(counts, in_flight)):
        different.setdefault(stream.turns, stream)
    return list(different.values())


def _ahead(counts: Sequence[int], in_flight: int) -> Iterator[Stream]:
    """Yield streams in which some microbatches of a job go ahead of all jobs in turn."""
    for outer, count in enumerate(counts):
        for ahead in sorted({round(share * in_flight) for share in _SHARES_AHEAD}):
            for form, outside in (("ahead", ahead), ("at both ends", 2 * ahead)):
                if 0 < outside < count:
                    rest = [own - outside * (job == outer) for job, own in enumerate(counts)]
                    last = [(outer, outside - ahead)]
                    yield _stream(f"job {outer} {form}", ahead, [(outer, ahead), *_in_turn(rest), *last])


def _in_blocks(counts: Sequence[int], in_flight: int) -> Iterator[Stream]:
    """Yield streams in which some microbatches of a job go before all others, or around them."""
    for outer, count in enumerate(counts):
        inner = [(job, own) for job, own in enumerate(counts) if job != outer]
        first_half = [(job, own // 2) for job, own in inner]
        second_half = [(job, own - own // 2) for job, own in inner]
        for before in sorted({round(share * in_flight) for share in _SHARES_BEFORE_BLOCKS}):
            if 0 < before < count:
                yield _stream(
                    f"job {outer} before", before, [(outer, before), *inner, (outer, count - before)]
                )
            if 0 < 2 * before < count:
                middle = [*first_half, (outer, count - 2 * before), *second_half]
                yield _stream(f"job {outer} around", before, [(outer, before), *middle, (outer, before)])


def _in_turn(counts: Sequence[int]) -> list[_Run]:
    """Let the jobs take turns, so that all of them are always equally far."""
    places = [((number + 0.5) / count, job) for job, count in enumerate(counts) for number in range(count)]
    return [(job, 1) for _, job in sorted(places)]


def _stream(form: str, number: int, runs: Sequence[_Run]) -> Stream:
    turns = tuple(job for job, count in runs for job in repeat(job, count))
    return Stream(form, f"stream: {form}, {number} first" if number else f"stream: {form}", turns)


def _in_flight(problem: Problem) -> int:
    """Return how many microbatches of the largest job memory holds on every device, at most one per stage."""
    jobs, free = problem.instance.jobs, free_capacities(problem.instance)
    most = [max(len(job.stages) for job in jobs)]
    for job in jobs:
        for stage in job.stages:
            own = free[stage.device]
            if own is not None and stage.memory.peak > 0:
                most.append(own // stage.memory.peak)
    return min(most)
