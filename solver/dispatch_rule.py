"""Dispatch rules: which of the ready tasks a device should run first, as a handful of numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gapweave.models.bounds import HeadsTails
from gapweave.models.task_arrays import KIND_COUNT, B, F, FloatArray, Int64Array
from gapweave.solver.list_scheduler import ListScheduler


@dataclass(frozen=True)
class DispatchRule:
    """Parameters of a list schedule.

    A task's key is ``head_weight * head - tail_weight * tail + kind_delay[kind] * unit + job_delay[job]
    * unit``, where the unit is the mean time of one microbatch on a device; the smallest key goes first.

    Attributes
    ----------
    head_weight, tail_weight
        How much early tasks (least progress first), and tasks with a long way to go, are preferred.
    kind_delay
        Per kind (F, B, W, O), in units.
    job_delay
        Per job, in units.
    round_trips
        Per job: microbatches in flight on a stage, as a multiple of what covers the time from one
        microbatch's forward to its backward; None: as many as memory holds.
    patience
        Per kind (F, B, W, O): a device waits for a task with a smaller key that becomes ready within this
        share of the duration of the one it could start.
    """

    head_weight: float
    tail_weight: float
    kind_delay: tuple[float, ...]
    job_delay: tuple[float, ...]
    round_trips: tuple[float | None, ...]
    patience: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    @classmethod
    def default(cls, job_count: int) -> "DispatchRule":
        """Least progress first, backward before forward before weight gradient."""
        return cls(1.0, 0.0, (0.0, -1.0, 1.0, -1.0), (0.0,) * job_count, (1.0,) * job_count)

    def run(self, scheduler: ListScheduler, paths: HeadsTails) -> Int64Array | None:
        """Return the starts of all nodes, shape (nodes,), in ticks; None if memory is too tight."""
        return scheduler.run(self.keys(paths), self.limits(paths), self.patience)

    def keys(self, paths: HeadsTails) -> FloatArray:
        """Return the key of every node."""
        arrays = paths.arrays
        unit = microbatch_unit(paths)
        kind_delay = np.zeros(KIND_COUNT)
        kind_delay[: len(self.kind_delay)] = self.kind_delay
        keys = (
            self.head_weight * paths.head
            - self.tail_weight * paths.tail
            + unit * kind_delay[arrays.kind]
            + unit * np.array(self.job_delay)[arrays.job]
        )
        return np.asarray(keys, dtype=np.float64)

    def limits(self, paths: HeadsTails) -> Mapping[tuple[int, int], int]:
        """Return the most microbatches in flight per (job, stage)."""
        arrays = paths.arrays
        unit = microbatch_unit(paths)
        limits = {}
        for job, trips in enumerate(self.round_trips):
            for stage in range(len(arrays.instance.jobs[job].stages)):
                forward, backward = arrays.block(job, F, stage), arrays.block(job, B, stage)
                if trips is not None and forward is not None and backward is not None:
                    out = int(paths.head[backward.first]) + backward.duration - int(paths.head[forward.first])
                    limits[job, stage] = max(1, round(trips * out / unit + 0.5))
        return limits


def microbatch_unit(paths: HeadsTails) -> float:
    """Mean time of one microbatch on the busiest device, over all its jobs, in ticks."""
    arrays = paths.arrays
    tasks = slice(0, arrays.task_count)
    loads = np.bincount(arrays.device[tasks], arrays.duration[tasks], len(arrays.instance.devices))
    microbatches = sum(job.microbatch_count for job in arrays.instance.jobs)
    return float(max(1.0, loads.max() / microbatches))
