"""A periodic schedule as far as it is kept: the orders of all tasks but some become edges of the graph."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.steady.cell import Cell
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import Timed


@dataclass(frozen=True, eq=False)
class PeriodicStep:
    """One step of each job of a periodic schedule; every job begins less than a period after the first one.

    Attributes
    ----------
    period
        T in ticks.
    starts
        Start of every node, shape (nodes,), in ticks after the beginning of the first job.
    """

    graph: CyclicGraph
    period: int
    starts: Int64Array

    @classmethod
    def of(cls, graph: CyclicGraph, timed: Timed) -> "PeriodicStep":
        """Take each job's step of the period in which the first job begins one."""
        period, job = timed.period, graph.arrays.job
        openings = Cell.whole(graph, period).openings
        starts = timed.starts - timed.starts[openings[0]]
        for opening in openings:
            starts[job == job[opening]] -= starts[opening] // period * period
        return cls(graph, period, starts)

    @property
    def phase(self) -> Int64Array:
        """When each task runs within a period, shape (tasks,), in ticks from 0 to T - 1."""
        phase: Int64Array = self.starts[: self.graph.arrays.task_count] % self.period
        return phase

    def without(self, free: npt.NDArray[np.bool_]) -> CyclicGraph:
        """Return the graph with edges that keep the orders of all tasks but the free ones, shape (tasks,).

        Along each device an edge goes from every task that is not free to the next such task, with the
        height that it has in this schedule: the free tasks can go anywhere in between.
        """
        graph, arrays, phase = self.graph, self.graph.arrays, self.phase
        sources, targets = [], []
        for device in range(len(graph.instance.devices)):
            kept = np.flatnonzero((arrays.device[: arrays.task_count] == device) & ~free)
            kept = kept[np.argsort(phase[kept], kind="stable")]
            sources.append(kept)
            targets.append(np.roll(kept, -1))
        source, target = np.concatenate(sources), np.concatenate(targets)
        weight = arrays.duration[source]
        height = -((self.starts[target] - self.starts[source] - weight) // self.period)
        return replace(
            graph,
            source=np.concatenate((graph.source, source)),
            target=np.concatenate((graph.target, target)),
            weight=np.concatenate((graph.weight, weight)),
            height=np.concatenate((graph.height, height)),
        )
