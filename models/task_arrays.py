"""The task graph as numpy arrays: what solvers and heuristics loop over."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gapweave.models.instance import Instance, Job
from gapweave.models.task import KINDS, MILESTONES, Task

Int64Array = npt.NDArray[np.int64]

F, B, W, O = range(4)  # noqa: E741 - the field's names of the four kinds
BARRIER, STAGE_END = 4, 5
NODE_KINDS = (*KINDS, *MILESTONES)


@dataclass(frozen=True, eq=False)
class TaskArrays:
    """All tasks of an instance and the precedence edges between them.

    Tasks come first (ids ``0 .. task_count - 1``), zero-duration milestones after them. The microbatches
    of one (job, step, kind, stage) have consecutive ids.

    Attributes
    ----------
    job, step, kind, stage, microbatch, device, duration
        Shape (nodes,). ``kind`` indexes `NODE_KINDS`; ``microbatch`` is -1 for ``O`` and milestones,
        ``device`` -1 for milestones; ``duration`` in ticks.
    edge_source, edge_target, edge_lag
        Shape (edges,). ``start[target] >= start[source] + duration[source] + lag``, in ticks.
    blocks
        First id of each (job, step, kind, stage).
    """

    instance: Instance
    steps: tuple[int, ...]
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
    blocks: dict[tuple[int, int, int, int], int]

    @classmethod
    def build(cls, instance: Instance, steps: tuple[int, ...] | None = None) -> "TaskArrays":
        """Lay out every task of every job; ``steps`` counts the steps of each job (default: one each)."""
        return _Builder(instance, steps or (1,) * len(instance.jobs)).build()

    @property
    def node_count(self) -> int:
        """Tasks and milestones."""
        return len(self.duration)

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

    def block(self, job: int, kind: int, stage: int, step: int = 0) -> range:
        """Return the ids of all microbatches of one kind on one stage (empty if there are none)."""
        first = self.blocks.get((job, step, kind, stage))
        if first is None:
            return range(0)
        return range(first, first + (self.instance.jobs[job].microbatch_count if kind <= W else 1))

    @cached_property
    def predecessors(self) -> list[list[tuple[int, int]]]:
        """For each node, its (predecessor, lag) pairs."""
        lists: list[list[tuple[int, int]]] = [[] for _ in range(self.node_count)]
        edges = zip(self.edge_source.tolist(), self.edge_target.tolist(), self.edge_lag.tolist(), strict=True)
        for source, target, lag in edges:
            lists[target].append((source, lag))
        return lists

    @cached_property
    def successors(self) -> list[list[tuple[int, int]]]:
        """For each node, its (successor, lag) pairs."""
        lists: list[list[tuple[int, int]]] = [[] for _ in range(self.node_count)]
        edges = zip(self.edge_source.tolist(), self.edge_target.tolist(), self.edge_lag.tolist(), strict=True)
        for source, target, lag in edges:
            lists[source].append((target, lag))
        return lists


class _Builder:
    """Collects blocks of nodes, then edges between blocks."""

    def __init__(self, instance: Instance, steps: tuple[int, ...]) -> None:
        self.instance = instance
        self.steps = steps
        self.blocks: dict[tuple[int, int, int, int], int] = {}
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.size = 0
        self.edges: list[tuple[Int64Array, Int64Array, int]] = []

    def build(self) -> TaskArrays:
        job_steps = [
            (index, job, step) for index, job in enumerate(self.instance.jobs) for step in range(self.steps[index])
        ]
        for index, job, step in job_steps:
            self._add_tasks(index, job, step)
        task_count = self.size
        for index, job, step in job_steps:
            self._add_milestones(index, job, step)
        for index, job, step in job_steps:
            self._add_pipeline_edges(index, job, step)
            self._add_optimizer_edges(index, job, step)
            if step + 1 < self.steps[index]:
                self._add_step_edges(index, job, step)
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
        self.blocks[job, step, kind, stage] = self.size
        self.rows.append((job, step, kind, stage, count, device, duration))
        self.size += count

    def _ids(self, job: int, step: int, kind: int, stage: int) -> Int64Array | None:
        first = self.blocks.get((job, step, kind, stage))
        if first is None:
            return None
        count = self.instance.jobs[job].microbatch_count if kind <= W else 1
        return np.arange(first, first + count, dtype=np.int64)

    def _link(self, sources: Int64Array | None, targets: Int64Array | None, lag: int = 0) -> None:
        """Add one edge per microbatch, or one edge from (to) each if there is one target (source)."""
        if sources is not None and targets is not None:
            both = np.broadcast_arrays(sources, targets)
            self.edges.append((both[0], both[1], lag))

    def _add_pipeline_edges(self, index: int, job: Job, step: int) -> None:
        """F(s) -> F(s+1), F(last) -> B(last), B(s+1) -> B(s), B(s) -> W(s)."""
        last = len(job.stages) - 1
        for s in range(last):
            self._link(self._ids(index, step, F, s), self._ids(index, step, F, s + 1), job.forward_lags[s])
            self._link(self._ids(index, step, B, s + 1), self._ids(index, step, B, s), job.backward_lags[s])
        self._link(self._ids(index, step, F, last), self._ids(index, step, B, last))
        for s in range(last + 1):
            self._link(self._ids(index, step, B, s), self._ids(index, step, W, s))

    def _add_optimizer_edges(self, index: int, job: Job, step: int) -> None:
        """Every B and W of a stage -> its O (and stage end); of all stages -> the barrier -> each O."""
        barrier = self._ids(index, step, BARRIER, -1)
        for s, stage in enumerate(job.stages):
            final = self._ids(index, step, W if stage.is_split else B, s)
            closing = self._ids(index, step, O, s)
            self._link(final, closing)
            self._link(final, self._ids(index, step, STAGE_END, s))
            self._link(final, barrier)
            self._link(barrier, closing)

    def _add_step_edges(self, index: int, job: Job, step: int) -> None:
        """The last task of a stage, and the barrier, -> every F of the stage in the next step."""
        for s in range(len(job.stages)):
            following = self._ids(index, step + 1, F, s)
            self._link(self._ids(index, step, O, s), following)
            self._link(self._ids(index, step, STAGE_END, s), following)
            self._link(self._ids(index, step, BARRIER, -1), following)

    def _assemble(self, task_count: int) -> TaskArrays:
        rows = np.array(self.rows, dtype=np.int64).reshape(-1, 7)
        counts = rows[:, 4]
        expanded = np.repeat(rows, counts, axis=0)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        microbatch = np.arange(self.size, dtype=np.int64) - first
        microbatch[expanded[:, 2] > W] = -1
        none = np.zeros(0, dtype=np.int64)
        lags = [np.full(len(source), lag, dtype=np.int64) for source, _, lag in self.edges]
        return TaskArrays(
            instance=self.instance,
            steps=self.steps,
            task_count=task_count,
            job=expanded[:, 0].copy(),
            step=expanded[:, 1].copy(),
            kind=expanded[:, 2].copy(),
            stage=expanded[:, 3].copy(),
            microbatch=microbatch,
            device=expanded[:, 5].copy(),
            duration=expanded[:, 6].copy(),
            edge_source=np.concatenate([none, *(source for source, _, _ in self.edges)]),
            edge_target=np.concatenate([none, *(target for _, target, _ in self.edges)]),
            edge_lag=np.concatenate([none, *lags]),
            blocks=self.blocks,
        )
