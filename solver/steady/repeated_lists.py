"""List scheduling of several periods in a row, of which one from the middle is repeated for ever."""

from collections.abc import Mapping, Sequence

import numpy as np

from gapweave.models.task_arrays import FloatArray, Int64Array, TaskArrays
from gapweave.solver.list_scheduler import ListScheduler
from gapweave.solver.steady.graph import CyclicGraph

#: Periods in a row, and the one that is read: the first ones fill the pipeline, the last one drains it.
PERIODS = 5
READ = 3


class RepeatedLists:
    """Schedules `PERIODS` periods by list scheduling."""

    def __init__(self, graph: CyclicGraph) -> None:
        self.graph = graph
        steps = graph.arrays.steps
        many = TaskArrays.build(graph.instance, tuple(PERIODS * count for count in steps))
        self._many = many
        self._schedulers: dict[bool, ListScheduler] = {}
        self._tasks = many.task_count
        first, period, size = [], [], []
        for block in many.blocks:
            if block.device >= 0:
                turn, step = divmod(block.step, steps[block.job])
                own = graph.arrays.block(block.job, block.kind, block.stage, step)
                assert own is not None
                first.append(own.first)
                period.append(turn)
                size.append(block.size)
        begins = np.repeat(np.cumsum(size) - size, size)
        self._origin = np.repeat(first, size) + np.arange(self._tasks) - begins
        self._period = np.repeat(period, size)

    @property
    def effort(self) -> int:
        """Tasks that one run places."""
        return self._tasks

    def run(
        self,
        times: FloatArray,
        period: int,
        limits: Mapping[tuple[int, int], int],
        patience: Sequence[float],
        *,
        reserving: bool = False,
        holding: bool = False,
    ) -> tuple[Int64Array, int] | None:
        """Let each device run the ready task that was planned earliest.

        Parameters
        ----------
        times
            Planned start of each node of one period, shape (nodes,), in ticks.
        period
            Ticks after which the plan repeats.
        limits, patience, reserving
            See `gapweave.solver.list_scheduler.ListScheduler`.
        holding
            Whether no task starts before it was planned to.

        Returns
        -------
        tuple or None
            Starts of the nodes of one period, shape (nodes,), in ticks, 0 for milestones; and after how many
            ticks they come again. None in a deadlock.
        """
        keys = np.zeros(self._many.node_count)
        keys[: self._tasks] = times[self._origin] + period * self._period
        if reserving not in self._schedulers:
            self._schedulers[reserving] = ListScheduler(self._many, reserving=reserving)
        releases = (keys - keys.min()).astype(np.int64) if holding else None
        starts = self._schedulers[reserving].run(keys, limits, patience, releases)
        if starts is None:
            return None
        here, next_one = (self._of_period(starts, number) for number in (READ, READ + 1))
        tasks = slice(0, self.graph.arrays.task_count)
        return here, max(1, int(np.median(next_one[tasks] - here[tasks])))

    def _of_period(self, starts: Int64Array, number: int) -> Int64Array:
        own = np.flatnonzero(self._period == number)
        result = np.zeros(self.graph.arrays.node_count, dtype=np.int64)
        result[self._origin[own]] = starts[own]
        return result
