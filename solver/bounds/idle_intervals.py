"""Lower bound: what the idle intervals beside the primary can hold, pinned (``fill``) or within its limit."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gapweave.models.bounds import Windows
from gapweave.models.schedule import Bound
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds.one_machine import critical_set
from gapweave.solver.bounds.proven import ProvenBound

#: Makespans that are tried at most, for so many nodes and fewer; larger problems have fewer tries.
_NODES_TIMES_TRIES = 400_000
_MOST_TRIES, _FEWEST_TRIES = 24, 6


class _Overfull(NamedTuple):
    """A set of tasks, and by how much it overfills the idle time it has (0 or less: not at all)."""

    excess: int
    device: int
    head: int
    tail: int


def propose(windows: Windows, proven: int) -> ProvenBound | None:
    """Search for the largest makespan at which some device's idle intervals are overfull.

    Parameters
    ----------
    windows
        When free tasks can run.
    proven
        A lower bound known already; smaller makespans are not tried.

    Returns
    -------
    ProvenBound or None
        None if no bound above ``proven`` was found.
    """
    tries = np.clip(_NODES_TIMES_TRIES // windows.arrays.node_count, _FEWEST_TRIES, _MOST_TRIES)
    search = _MakespanSearch(max(proven, windows.room.end))
    for _ in range(int(tries)):
        search.take(most_overfull(windows, search.makespan))
        if search.is_over:
            break
    if search.overfull is None or search.too_short is None:
        return None
    return ProvenBound(search.too_short + 1, _bound(search.too_short, search.overfull))


class _MakespanSearch:
    """Search for the largest makespan at which something is overfull.

    An excess e says that the makespan should be longer by e, or may be shorter by -e; where that leads out
    of what is still open, or has just led too far, bisection takes over.
    """

    def __init__(self, makespan: int) -> None:
        self.makespan = makespan
        self.too_short: int | None = None
        self.overfull: _Overfull | None = None
        self.long_enough: int | None = None
        self._was_long_enough = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to try."""
        if self.long_enough is None:
            return False
        return self.too_short is None or self.long_enough - self.too_short <= 1

    def take(self, overfull: _Overfull) -> None:
        """Take the outcome for the present makespan, and choose the next one."""
        is_long_enough = overfull.excess <= 0
        if is_long_enough:
            self.long_enough = self.makespan
        else:
            self.too_short, self.overfull = self.makespan, overfull
        following = self.makespan + overfull.excess - 1 if overfull.excess != 1 else self.makespan + 1
        if self.too_short is not None and self.long_enough is not None:
            is_open = self.too_short < following < self.long_enough
            if not is_open or (is_long_enough and self._was_long_enough):
                following = (self.too_short + self.long_enough) // 2
        self._was_long_enough = is_long_enough
        self.makespan = following


def most_overfull(windows: Windows, makespan: int) -> _Overfull:
    """Return the most overfull set of tasks of one device, if the makespan is to be kept."""
    tail = windows.tails(makespan)
    late = windows.head + windows.arrays.duration + tail - makespan
    worst = int(np.where(windows.free, late[: len(windows.free)], 0).argmax())
    if late[worst] > 0:  # a task without time to run, all by itself
        device = int(windows.arrays.device[worst])
        return _Overfull(int(late[worst]), device, int(windows.head[worst]), int(tail[worst]))
    return max(_overfull(windows, makespan, tail))


def _overfull(windows: Windows, makespan: int, tail: Int64Array) -> list[_Overfull]:
    found = []
    devices = windows.arrays.device[: windows.arrays.task_count]
    for device in range(len(windows.calendars)):
        nodes = np.flatnonzero(windows.free & (devices == device))
        if not len(nodes):
            continue
        for critical in (_critical_in_usable_time, _critical_with_primary):
            head, least_tail = critical(windows, makespan, tail, device, nodes)
            if ((windows.head[nodes] >= head) & (tail[nodes] >= least_tail)).any():
                excess = windows.excess(makespan, tail, device, head, least_tail)
                found.append(_Overfull(excess, device, head, least_tail))
    return found


def _critical_in_usable_time(
    windows: Windows, makespan: int, tail: Int64Array, device: int, nodes: npt.NDArray[np.intp]
) -> tuple[int, int]:
    """Return thresholds of the critical set of free tasks, if only usable time passes."""
    calendar = windows.calendars[device].until(makespan)
    heads = calendar.idle_until(windows.head[nodes])
    tails = calendar.mirrored(makespan).idle_until(tail[nodes])
    head, least_tail = critical_set(heads, windows.arrays.duration[nodes], tails)
    chosen = nodes[(heads >= head) & (tails >= least_tail)]
    return int(windows.head[chosen].min()), int(tail[chosen].min())


def _critical_with_primary(
    windows: Windows, makespan: int, tail: Int64Array, device: int, nodes: npt.NDArray[np.intp]
) -> tuple[int, int]:
    """Return thresholds of the critical set of all tasks, the primary's among them."""
    _, duration, earliest, latest, _ = windows.room.spans[device].T
    return critical_set(
        np.concatenate([windows.head[nodes], earliest]),
        np.concatenate([windows.arrays.duration[nodes], duration]),
        np.concatenate([tail[nodes], makespan - latest - duration]),
    )


def _bound(makespan: int, overfull: _Overfull) -> Bound:
    certificate = {
        "device": overfull.device,
        "makespan": makespan,
        "head": overfull.head,
        "tail": overfull.tail,
    }
    return Bound(argument="idle-intervals", certificate=certificate)
