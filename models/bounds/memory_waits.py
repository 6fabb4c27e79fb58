"""How long memory keeps forwards waiting: a job alone on its devices, one stage at a time."""

from collections.abc import Sequence

import numpy as np

from gapweave.models.bounds.calendar import Calendar
from gapweave.models.instance import StageMemory
from gapweave.models.task_arrays import B, F, Int64Array, TaskArrays, W

#: Numbers of backwards that are tried at once.
_CHOICES = 16


def memory_waits(
    arrays: TaskArrays, head: Int64Array, calendars: Sequence[Calendar] = (), first_job: int = 0
) -> Int64Array | None:
    """Return what memory adds to the heads of forwards.

    Before F[k] starts, its stage has claimed (k+1) f. What exceeds the capacity must have been freed by beta
    ended backwards and omega <= beta <= k ended weight gradients:
    ``r_B beta + r_W omega >= (k+1) f - capacity``. For each choice of beta and omega, F[k] starts no sooner
    than B[beta-1] and W[omega-1] end, and no sooner than the device has run, from the head of B[0] on, beta
    backwards, omega weight gradients and the forwards up to k-1 whose heads are no earlier. The wait is the
    least over all choices.

    Parameters
    ----------
    arrays
        The tasks.
    head
        Heads known so far, shape (nodes,), in ticks.
    calendars
        When each device is free; default: always.
    first_job
        Jobs before this one are left out.

    Returns
    -------
    ndarray or None
        Shape (nodes,), in ticks, 0 where memory adds nothing; None if no stage has to wait.
    """
    waits = np.zeros(arrays.node_count, dtype=np.int64)
    for forward in arrays.blocks:
        if forward.kind != F or forward.step or forward.job < first_job:
            continue
        device = arrays.instance.devices[forward.device]
        memory = arrays.instance.jobs[forward.job].stages[forward.stage].memory
        if device.memory_capacity is None or not memory.forward:
            continue
        free = device.memory_capacity - arrays.instance.resident_memory[forward.device]
        excess = memory.forward * np.arange(1, forward.size + 1, dtype=np.int64) - free
        if (excess > 0).any():
            calendar = calendars[forward.device] if calendars else Calendar.open()
            stage = _StageHeads(arrays, head, forward.job, forward.stage, calendar)
            waits[forward.first : forward.first + forward.size] = stage.least_waits(excess, memory)
    return waits if waits.any() else None


class _StageHeads:
    """Heads and durations of one stage, and when its device is free."""

    def __init__(
        self, arrays: TaskArrays, head: Int64Array, job: int, stage: int, calendar: Calendar
    ) -> None:
        def part(kind: int) -> tuple[Int64Array, int]:
            block = arrays.block(job, kind, stage)
            if block is None:
                return np.zeros(0, dtype=np.int64), 0
            return head[block.first : block.first + block.size], block.duration

        self.forward, self.forward_duration = part(F)
        self.backward, self.backward_duration = part(B)
        self.weight, self.weight_duration = part(W)
        self.calendar = calendar
        self.returned = calendar.idle_until(self.backward[:1])

    def least_waits(self, excess: Int64Array, memory: StageMemory) -> Int64Array:
        """Return the least time at which each excess is freed, shape (microbatches,); 0 without excess."""
        by_backward, by_weight = freed(memory)
        waits = np.zeros(len(excess), dtype=np.int64)
        fewest = -(-excess // (by_backward + by_weight))
        waiting = np.flatnonzero((excess > 0) & (fewest <= np.arange(len(excess))))
        if not len(waiting):
            return waits
        number, excess, fewest = waiting[:, None], excess[waiting, None], fewest[waiting, None]
        best = np.full(len(waiting), np.iinfo(np.int64).max, dtype=np.int64)
        for more in range(0, int((number - fewest).max()) + 1, _CHOICES):
            beta = np.minimum(fewest + np.arange(more, more + _CHOICES, dtype=np.int64), number)
            ended = self.backward[beta - 1] + self.backward_duration
            if (ended[:, 0] >= best).all():
                break  # ended only grows with beta
            omega = self._weights_needed(excess, beta, by_backward, by_weight)
            best = np.minimum(best, self._earliest(number, beta, omega, ended).min(axis=1))
        waits[waiting] = best
        return waits

    def _weights_needed(
        self, excess: Int64Array, beta: Int64Array, by_backward: int, by_weight: int
    ) -> Int64Array:
        if not by_weight:
            return np.zeros_like(beta)
        needed: Int64Array = np.clip(-(-(excess - by_backward * beta) // by_weight), 0, beta)
        return needed

    def _earliest(
        self, microbatch: Int64Array, beta: Int64Array, omega: Int64Array, ended: Int64Array
    ) -> Int64Array:
        """Return when beta backwards and omega weight gradients can have ended before F[microbatch]."""
        between = np.maximum(0, microbatch - np.searchsorted(self.forward, self.backward[0]))
        work = beta * self.backward_duration + between * self.forward_duration
        earliest: Int64Array = np.maximum(ended, self.calendar.earliest_with(self.returned + work))
        if len(self.weight):
            work += omega * self.weight_duration
            freed = np.where(omega > 0, self.weight[omega - 1] + self.weight_duration, 0)
            busy_until = self.calendar.earliest_with(self.returned + work)
            earliest = np.maximum(np.maximum(earliest, freed), busy_until)
        return earliest


def freed(memory: StageMemory) -> tuple[int, int]:
    """Return the most that the end of one B, and of one W, frees of what its F claimed.

    What a backward claims on top only makes matters worse, so it is left out: then W frees all of f.
    """
    if memory.backward > 0:
        return 0, memory.forward
    return -memory.backward, -memory.weight
