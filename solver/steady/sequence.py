"""In which order the microbatches of all jobs enter the pipeline in one period.

Between the last microbatch of a step and the first of the job's next one, enough others must pass to fill the
pipeline. So where one job changes its step, only the other jobs' microbatches run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from gapweave.models.task_arrays import Int64Array, TaskArrays

#: Offsets between the jobs' step changes that are tried, as shares of a step; and most words looked at.
_PHASES = 8
_MOST_WORDS = 64
_MOST_ORDERS = 8


@dataclass(frozen=True, eq=False)
class MicrobatchSequence:
    """An endless sequence of microbatches that repeats after ``length`` of them.

    Attributes
    ----------
    positions
        Of the microbatches of each (job, step), increasing; some may lie in the next repetition.
    length
        Microbatches in one period.
    """

    positions: dict[tuple[int, int], Int64Array]
    length: int

    def owners(self) -> Int64Array:
        """Return the job at each position, shape (length,)."""
        owners = np.zeros(self.length, dtype=np.int64)
        for (job, _), positions in self.positions.items():
            owners[positions % self.length] = job
        return owners


def sequences(arrays: TaskArrays) -> list[MicrobatchSequence]:
    """Return sequences worth a try: whole steps in a row, or steps cut where the others change theirs."""
    if max(arrays.steps) == 1 or len(arrays.steps) == 1:
        return [whole_steps(arrays)]
    return [around_changes(arrays, word) for word in islice(_orders_of_changes(arrays.steps), _MOST_ORDERS)]


def whole_steps(arrays: TaskArrays) -> MicrobatchSequence:
    """Return whole steps in a row, the steps of each job spread evenly."""
    positions, length = {}, 0
    for job, step in step_order(arrays):
        count = arrays.instance.jobs[job].microbatch_count
        positions[job, step] = np.arange(length, length + count)
        length += count
    return MicrobatchSequence(positions, length)


def step_order(arrays: TaskArrays) -> list[tuple[int, int]]:
    """Return all (job, step) of a period, the steps of each job spread evenly over it."""
    blocks = [(job, step) for job, count in enumerate(arrays.steps) for step in range(count)]
    return sorted(blocks, key=lambda block: ((2 * block[1] + 1) / arrays.steps[block[0]], block))


def around_changes(arrays: TaskArrays, word: tuple[int, ...]) -> MicrobatchSequence:
    """Gather the microbatches of a step in equal parts around the changes of the other jobs within it.

    Parameters
    ----------
    word
        The job that changes its step, from one change to the next around the period.
    """
    counts = [job.microbatch_count for job in arrays.instance.jobs]
    places = len(word)
    parts: list[list[tuple[int, int, int, int, bool]]] = [[] for _ in range(2 * places)]
    for job, count in enumerate(counts):
        changes = [place for place in range(places) if word[place] == job]
        for step, (begin, end) in enumerate(zip(changes, [*changes[1:], changes[0] + places], strict=True)):
            slots = [2 * place for place in range(begin + 1, end)] or [2 * begin + 1]
            cuts = [count * number // len(slots) for number in range(len(slots) + 1)]
            for slot, first, stop in zip(slots, cuts, cuts[1:], strict=False):
                parts[slot % (2 * places)].append((job, step, first, stop, slot >= 2 * places))
    positions = {
        (job, step): np.zeros(counts[job], dtype=np.int64)
        for job, steps in enumerate(arrays.steps)
        for step in range(steps)
    }
    length = sum(count * steps for count, steps in zip(counts, arrays.steps, strict=True))
    place = 0
    for job, step, first, stop, wraps in (part for slot in parts for part in slot):
        positions[job, step][first:stop] = place + wraps * length + np.arange(stop - first)
        place += stop - first
    return MicrobatchSequence(positions, length)


def spread_evenly(arrays: TaskArrays, shares: Sequence[float], phases: Sequence[float]) -> MicrobatchSequence:
    """Let the microbatches of a step enter at equal distances.

    Parameters
    ----------
    shares
        Of each job: part of the time from step to step in which its microbatches enter.
    phases
        Of each job: when its first step begins, as a share of the time from step to step.
    """
    entries = {}
    for job, steps in enumerate(arrays.steps):
        count = arrays.instance.jobs[job].microbatch_count
        for step in range(steps):
            within = shares[job] * (np.arange(count) + 0.5) / count
            entries[job, step] = (step + phases[job] + within) / steps
    lap, phase = np.divmod(np.concatenate(list(entries.values())), 1.0)
    place = np.empty(len(phase), dtype=np.int64)
    place[np.argsort(phase, kind="stable")] = np.arange(len(phase))
    place += lap.astype(np.int64) * len(phase)
    ends = np.cumsum([len(own) for own in entries.values()])
    return MicrobatchSequence(dict(zip(entries, np.split(place, ends[:-1]), strict=True)), len(phase))


def _orders_of_changes(steps: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield orders in which evenly spread step changes can follow each other, each up to rotation once."""
    seen = set()
    shares = [(number + 0.5) / _PHASES for number in range(_PHASES)]
    for phases in islice(product([0.0], *[shares] * (len(steps) - 1)), _MOST_WORDS):
        changes = sorted(
            (((step + phase) / count) % 1.0, job)
            for job, (count, phase) in enumerate(zip(steps, phases, strict=True))
            for step in range(count)
        )
        word = tuple(job for _, job in changes)
        rotations = [word[begin:] + word[:begin] for begin in range(min(len(word), _MOST_WORDS))]
        if min(rotations) not in seen:
            seen.add(min(rotations))
            yield word
