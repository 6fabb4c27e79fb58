"""Cells: the schedules in which each job begins so long after the first one."""

from dataclasses import dataclass, replace

from gapweave.models.task_arrays import F
from gapweave.solver.steady.graph import CyclicGraph


@dataclass(frozen=True)
class Cell:
    """A part of all periodic schedules.

    Attributes
    ----------
    openings
        The first F of each job on stage 0.
    begins
        The least and the most by which each job's opening starts after the first job's, in ticks.
    are_equal
        Whether there are two jobs, both free, that differ by nothing but their names.
    """

    openings: tuple[int, ...]
    begins: tuple[tuple[int, int], ...]
    are_equal: bool

    @classmethod
    def whole(cls, graph: CyclicGraph, period: int, *, in_turns: bool = True) -> "Cell":
        """Return the cell of all schedules of at most a period, in ticks.

        Parameters
        ----------
        in_turns
            Whether to leave one of two schedules out that differ only in which of two equal jobs is first.

        Notes
        -----
        Which of a job's periods counts as its first is free, so it begins less than T after the first job.
        Two equal jobs can change places: the second one then begins as far before T as it began after 0, so
        half a period is enough.
        """
        blocks = (graph.arrays.block(job, F, 0, 0) for job in range(len(graph.instance.jobs)))
        openings = tuple(block.first for block in blocks if block is not None)
        equal = in_turns and _are_equal(graph)
        last = period // 2 if equal else period - 1
        return cls(openings, ((0, 0), *((0, last) for _ in openings[1:])), equal)

    @property
    def width(self) -> int:
        """The largest range in which a job can begin, in ticks."""
        return max(last - first for first, last in self.begins)

    def halves(self) -> "tuple[Cell, Cell]":
        """Cut the largest range into two."""
        job = max(range(len(self.begins)), key=lambda job: self.begins[job][1] - self.begins[job][0])
        first, last = self.begins[job]
        middle = (first + last) // 2
        return self._with(job, (first, middle)), self._with(job, (middle + 1, last))

    def _with(self, job: int, begin: tuple[int, int]) -> "Cell":
        return replace(self, begins=(*self.begins[:job], begin, *self.begins[job + 1 :]))


def _are_equal(graph: CyclicGraph) -> bool:
    jobs, steps = graph.instance.jobs, graph.arrays.steps
    if len(jobs) != 2 or steps[0] != steps[1] or graph.is_pinned:
        return False
    return jobs[1] == jobs[0].model_copy(update={"name": jobs[1].name})
