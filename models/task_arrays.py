"""The task graph as numpy arrays: what solvers and heuristics loop over."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from gapweave.models.instance import Instance, Job
from gapweave.models.task import KINDS, MILESTONES, Task

if TYPE_CHECKING:
    from gapweave.models.bounds.heads_tails import HeadsTails

Int64Array = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

F, B, W, O = range(4)  # noqa: E741 - the field's names of the four kinds
BARRIER, STAGE_END = 4, 5
NODE_KINDS = (*KINDS, *MILESTONES)
KIND_COUNT = len(NODE_KINDS)


class Block(NamedTuple):
    """All microbatches of one (job, step, kind, stage): nodes ``first .. first + size - 1``.

    ``O`` tasks and milestones are blocks of one node; ``device`` is -1 and ``duration`` 0 for milestones.
    """

    job: int
    step: int
    kind: int
    stage: int
    first: int
    size: int
    device: int
    duration: int

    @property
    def nodes(self) -> range:
        """The ids of its nodes, in microbatch order."""
        return range(self.first, self.first + self.size)


class Link(NamedTuple):
    """Precedence between two blocks, as positions in `TaskArrays.blocks`, with the transfer's lag in ticks.

    Blocks of equal size are linked microbatch by microbatch; a block of one node follows (or precedes)
    every node of the other.
    """

    source: int
    target: int
    lag: int


@dataclass(frozen=True, eq=False)
class TaskArrays:
    """All tasks of an instance and the precedence edges between them.

    Tasks come first (ids ``0 .. task_count - 1``), zero-duration milestones after them.

    Attributes
    ----------
    blocks, links
        The same graph in its compact form; blocks are in order of their first node.
    job, step, kind, stage, microbatch, device, duration
        Shape (nodes,). ``kind`` indexes `NODE_KINDS`; ``microbatch`` is -1 for ``O`` and milestones,
        ``device`` -1 for milestones; ``duration`` in ticks.
    edge_source, edge_target, edge_lag
        Shape (edges,). ``start[target] >= start[source] + duration[source] + lag``, in ticks.
    """

    instance: Instance
    steps: tuple[int, ...]
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]
    task_count: int
    job: Int64Array
    step: Int64Array
    kind: Int64Array
    stage: Int64Array
    microbatch: Int64Array
    device: Int64Array
    duration: Int64Array
    edge_source: Int64Array
    edge_target: Int64Array
    edge_lag: Int64Array

    @classmethod
    def build(cls, instance: Instance, steps: tuple[int, ...] | None = None) -> "TaskArrays":
        """Lay out every task of every job; ``steps`` counts the steps of each job (default: one each)."""
        return _Builder(instance, steps or (1,) * len(instance.jobs)).build()

    @property
    def node_count(self) -> int:
        """Tasks and milestones."""
        return len(self.duration)

    @cached_property
    def _positions(self) -> dict[tuple[int, int, int, int], int]:
        keys = ((block.job, block.kind, block.stage, block.step) for block in self.blocks)
        return {key: position for position, key in enumerate(keys)}

    def block(self, job: int, kind: int, stage: int, step: int = 0) -> Block | None:
        """Return the block of one kind on one stage; None if the job has no such tasks."""
        position = self._positions.get((job, kind, stage, step))
        return None if position is None else self.blocks[position]

    def task(self, node: int) -> Task:
        """Return the identity of a node."""
        microbatch = int(self.microbatch[node])
        return Task(
            int(self.job[node]),
            int(self.step[node]),
            NODE_KINDS[self.kind[node]],
            int(self.stage[node]),
            None if microbatch < 0 else microbatch,
        )

    @cached_property
    def successors(self) -> list[list[tuple[int, int]]]:
        """For each node, its (successor, lag) pairs."""
        lists: list[list[tuple[int, int]]] = [[] for _ in range(self.node_count)]
        edges = zip(self.edge_source.tolist(), self.edge_target.tolist(), self.edge_lag.tolist(), strict=True)
        for source, target, lag in edges:
            lists[source].append((target, lag))
        return lists

    @cached_property
    def paths(self) -> "HeadsTails":
        """Heads and tails of all nodes, see `gapweave.models.bounds.heads_and_tails`; computed once."""
        from gapweave.models.bounds.heads_tails import heads_and_tails  # which reads these arrays

        return heads_and_tails(self)

    @cached_property
    def in_degree(self) -> Int64Array:
        """Number of direct predecessors of each node, shape (nodes,)."""
        return np.bincount(self.edge_target, minlength=self.node_count)


class _Builder:
    """Collects blocks of nodes, then links between blocks."""

    def __init__(self, instance: Instance, steps: tuple[int, ...]) -> None:
        self.instance = instance
        self.steps = steps
        self.blocks: list[Block] = []
        self.positions: dict[tuple[int, int, int, int], int] = {}
        self.links: list[Link] = []
        self.size = 0

    def build(self) -> TaskArrays:
        job_steps = [
            (index, job, step)
            for index, job in enumerate(self.instance.jobs)
            for step in range(self.steps[index])
        ]
        for index, job, step in job_steps:
            self._add_tasks(index, job, step)
        task_count = self.size
        for index, job, step in job_steps:
            self._add_milestones(index, job, step)
        for index, job, step in job_steps:
            self._link_pipeline(index, job, step)
            self._link_optimizer(index, job, step)
            if step + 1 < self.steps[index]:
                self._link_next_step(index, job, step)
        return self._assemble(task_count)

    def _add_tasks(self, index: int, job: Job, step: int) -> None:
        count = job.microbatch_count
        for kind, attribute in ((F, "forward"), (B, "backward"), (W, "weight")):
            for number, stage in enumerate(job.stages):
                duration = getattr(stage, attribute)
                if duration is not None:
                    self._add_block(index, step, kind, number, count, stage.device, duration)
        for number, stage in enumerate(job.stages):
            if stage.optimizer:
                self._add_block(index, step, O, number, 1, stage.device, stage.optimizer)

    def _add_milestones(self, index: int, job: Job, step: int) -> None:
        if job.optimizer_barrier:
            self._add_block(index, step, BARRIER, -1, 1, -1, 0)
        if self.steps[index] > 1:
            for number, stage in enumerate(job.stages):
                if not stage.optimizer:
                    self._add_block(index, step, STAGE_END, number, 1, -1, 0)

    def _add_block(
        self, job: int, step: int, kind: int, stage: int, count: int, device: int, duration: int
    ) -> None:
        self.positions[job, step, kind, stage] = len(self.blocks)
        self.blocks.append(Block(job, step, kind, stage, self.size, count, device, duration))
        self.size += count

    def _link(
        self, job: int, source: tuple[int, int, int], target: tuple[int, int, int], lag: int = 0
    ) -> None:
        """Link two blocks given as (step, kind, stage); nothing happens if one does not exist."""
        before, after = self.positions.get((job, *source)), self.positions.get((job, *target))
        if before is not None and after is not None:
            self.links.append(Link(before, after, lag))

    def _link_pipeline(self, index: int, job: Job, step: int) -> None:
        """F(s) -> F(s+1), F(last) -> B(last), B(s+1) -> B(s), B(s) -> W(s)."""
        last = len(job.stages) - 1
        for s in range(last):
            self._link(index, (step, F, s), (step, F, s + 1), job.forward_lags[s])
            self._link(index, (step, B, s + 1), (step, B, s), job.backward_lags[s])
        self._link(index, (step, F, last), (step, B, last))
        for s in range(last + 1):
            self._link(index, (step, B, s), (step, W, s))

    def _link_optimizer(self, index: int, job: Job, step: int) -> None:
        """Every B and W of a stage -> its O (or stage end); of all stages -> the barrier -> each O."""
        for s, stage in enumerate(job.stages):
            final = (step, W if stage.is_split else B, s)
            self._link(index, final, (step, O, s))
            self._link(index, final, (step, STAGE_END, s))
            self._link(index, final, (step, BARRIER, -1))
            self._link(index, (step, BARRIER, -1), (step, O, s))

    def _link_next_step(self, index: int, job: Job, step: int) -> None:
        """Last task of a stage, and the barrier -> every F of the stage in the next step."""
        for s in range(len(job.stages)):
            for closing in ((step, O, s), (step, STAGE_END, s), (step, BARRIER, -1)):
                self._link(index, closing, (step + 1, F, s))

    def _assemble(self, task_count: int) -> TaskArrays:
        table = np.array(self.blocks, dtype=np.int64).reshape(-1, len(Block._fields))
        job, step, kind, stage, first, _, device, duration = (
            np.repeat(column, table[:, 5]) for column in table.T
        )
        microbatch = np.where(kind <= W, np.arange(self.size, dtype=np.int64) - first, -1)
        source, target, lag = self._edges()
        return TaskArrays(
            instance=self.instance,
            steps=self.steps,
            blocks=tuple(self.blocks),
            links=tuple(self.links),
            task_count=task_count,
            job=job,
            step=step,
            kind=kind,
            stage=stage,
            microbatch=microbatch,
            device=device,
            duration=duration,
            edge_source=source,
            edge_target=target,
            edge_lag=lag,
        )

    def _edges(self) -> tuple[Int64Array, Int64Array, Int64Array]:
        empty = np.zeros(0, dtype=np.int64)
        sources, targets, lags = [empty], [empty], [empty]
        for link in self.links:
            pair = (np.array(self.blocks[end].nodes, dtype=np.int64) for end in link[:2])
            source, target = np.broadcast_arrays(*pair)
            sources.append(source)
            targets.append(target)
            lags.append(np.full(len(source), link.lag, dtype=np.int64))
        return np.concatenate(sources), np.concatenate(targets), np.concatenate(lags)
