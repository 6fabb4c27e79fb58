"""One clock for all ranks: what the messages of a run tell about the offsets between their clocks."""

from collections.abc import Iterable, Sequence
from math import inf

from gapweave.executor.measured.messages import messages
from gapweave.executor.measured.recording import Event


def aligned(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events of all ranks on one clock: that of rank 0, as far as `clock_offsets` can tell."""
    recorded = tuple(events)
    ranks = 1 + max((event.rank for event in recorded), default=-1)
    offsets = clock_offsets(recorded, ranks)
    if not any(offsets):
        return recorded
    return tuple(
        event._replace(begin=event.begin + offsets[event.rank], end=event.end + offsets[event.rank])
        for event in recorded
    )


def clock_offsets(events: Iterable[Event], ranks: int) -> list[int]:
    """Return what to add to the clock of each rank, in nanoseconds, so that no message ends before it began.

    Ranks of one machine share a clock: then nothing is wrong and all offsets are 0. Otherwise a rank's
    offset lies in the middle of the bounds that messages from and to rank 0 leave.

    Notes
    -----
    A message from a to b demands ``send begin + o[a] <= take end + o[b]``, so ``o[a] - o[b] <= w[a][b]``,
    the least ``take end - send begin`` of all such messages. With the shortest paths D under these weights
    ``-D[0][b] <= o[b] - o[0] <= D[b][0]``, and by the triangle inequality the middles of these ranges
    ``(D[b][0] - D[0][b]) / 2`` keep all demands at once.
    """
    weights = _least_durations(events, ranks)
    if all(weight >= 0 for row in weights for weight in row):
        return [0] * ranks
    distances = _shortest_paths(weights)
    return [_middle(-distances[0][rank], distances[rank][0]) for rank in range(ranks)]


def _least_durations(events: Iterable[Event], ranks: int) -> list[list[float]]:
    weights = [[0 if a == b else inf for b in range(ranks)] for a in range(ranks)]
    for send, take in messages(events):
        row = weights[send.rank]
        row[take.rank] = min(row[take.rank], take.end - send.begin)
    return weights


def _shortest_paths(weights: Sequence[Sequence[float]]) -> list[list[float]]:
    """Floyd and Warshall's algorithm."""
    distances = [list(row) for row in weights]
    nodes = range(len(distances))
    for k in nodes:
        for a in nodes:
            for b in nodes:
                distances[a][b] = min(distances[a][b], distances[a][k] + distances[k][b])
    return distances


def _middle(low: float, high: float) -> int:
    """Return the middle of a range; where it is open to one side, the value nearest to 0."""
    if low == -inf or high == inf:
        return int(min(max(0, low), high))
    return int((low + high) // 2)
