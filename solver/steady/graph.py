"""The cyclic task graph: the tasks of one period, and precedence edges that may reach into the next one.

An edge from i to j with weight w and height h asks ``t_j + h T >= t_i + w`` in steady state with period T:
h counts the periods by which the j that waits is later than the i that it waits for.

References
----------
C. Hanen, A. Munier, "Cyclic scheduling on parallel processors: an overview" (1995), in Scheduling Theory and
Its Applications: uniform constraints, and periods as the largest ratio of weight to height over all cycles.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gapweave.models.instance import Instance
from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import BARRIER, NODE_KINDS, B, Block, F, Int64Array, O, TaskArrays, W
from gapweave.solver.room import free_capacities


@dataclass(frozen=True, eq=False)
class CyclicGraph:
    """All tasks of one period and the edges between them; microbatches run in order on every stage.

    Attributes
    ----------
    arrays
        The tasks of all steps of one period.
    source, target, weight, height
        The edges, shape (edges,); weight in ticks.
    is_pinned
        Whether some tasks keep given distances from each other.
    """

    arrays: TaskArrays
    source: Int64Array
    target: Int64Array
    weight: Int64Array
    height: Int64Array
    is_pinned: bool = False

    @classmethod
    def build(
        cls, instance: Instance, steps: tuple[int, ...] | None = None, pins: Int64Array | None = None
    ) -> "CyclicGraph":
        """Lay out the tasks of ``steps`` steps of each job (default: one) and all their edges.

        Parameters
        ----------
        pins
            Starts of tasks that must keep their distances from each other, -1 for free ones, shape (tasks,),
            in ticks; microbatches in order on every stage.
        """
        return cls.of(TaskArrays.build(instance, steps), pins)

    @classmethod
    def of(cls, arrays: TaskArrays, pins: Int64Array | None = None) -> "CyclicGraph":
        """Lay out the edges of tasks; see `build`."""
        parts = [_within(arrays), _across(arrays)]
        if pins is not None:
            parts.append(_pinned(pins))
        source, target, weight, height = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return cls(arrays, source, target, weight, height, is_pinned=pins is not None)

    @property
    def instance(self) -> Instance:
        """The problem."""
        return self.arrays.instance

    @cached_property
    def by_source(self) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
        """The edges as rows of a sparse matrix: first edge of each node, target, weight, height."""
        order = np.argsort(self.source, kind="stable")
        first = np.searchsorted(self.source[order], np.arange(self.arrays.node_count + 1))
        return first.astype(np.int64), self.target[order], self.weight[order], self.height[order]

    @cached_property
    def delta(self) -> Int64Array:
        """Memory that each node claims (+) or frees (-), shape (nodes,)."""
        effects = memory_effects(self.instance)
        delta = np.zeros(self.arrays.node_count, dtype=np.int64)
        for block in self.arrays.blocks:
            own = effects.get((block.job, block.stage, NODE_KINDS[block.kind]))
            if own is not None:
                delta[block.first : block.first + block.size] = own[1]
        return delta

    @cached_property
    def room(self) -> tuple[int | None, ...]:
        """Memory of each device beyond what is resident; None if unlimited."""
        return tuple(free_capacities(self.instance))

    @cached_property
    def load(self) -> Int64Array:
        """Ticks of work of each device in one period, shape (devices,)."""
        tasks = slice(0, self.arrays.task_count)
        loads = np.bincount(
            self.arrays.device[tasks],
            weights=self.arrays.duration[tasks],
            minlength=len(self.instance.devices),
        )
        return loads.astype(np.int64)


def _within(arrays: TaskArrays) -> tuple[Int64Array, ...]:
    """The edges of the task graph, and those between neighbouring microbatches: all of height 0."""
    chained = [np.arange(block.first, block.first + block.size - 1) for block in arrays.blocks]
    before = np.concatenate([*chained, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    source = np.concatenate((arrays.edge_source, before))
    target = np.concatenate((arrays.edge_target, before + 1))
    lag = np.concatenate((arrays.edge_lag, np.zeros(len(before), dtype=np.int64)))
    return source, target, arrays.duration[source] + lag, np.zeros(len(source), dtype=np.int64)


def _across(arrays: TaskArrays) -> tuple[Int64Array, ...]:
    """Rule 7: what closes a job's last step -> the first F of each stage, one period later."""
    pairs = []
    for number, job in enumerate(arrays.instance.jobs):
        last_step = arrays.steps[number] - 1
        for stage in range(len(job.stages)):
            opening = _require(arrays.block(number, F, stage, 0)).first
            pairs += [(node, opening) for node in _closing(arrays, number, stage, last_step)]
    source, target = np.array(pairs, dtype=np.int64).T
    return source, target, arrays.duration[source], np.ones(len(source), dtype=np.int64)


def _pinned(pins: Int64Array) -> tuple[Int64Array, ...]:
    """``t_i == t_0 + c_i - c_0``: an edge from the first pinned task to each other one, and one back."""
    nodes = np.flatnonzero(pins >= 0)
    first, others = nodes[:1].repeat(len(nodes) - 1), nodes[1:]
    distance = pins[others] - pins[first]
    return (
        np.concatenate((first, others)),
        np.concatenate((others, first)),
        np.concatenate((distance, -distance)),
        np.zeros(2 * len(others), dtype=np.int64),
    )


def _closing(arrays: TaskArrays, job: int, stage: int, step: int) -> list[int]:
    """Nodes after which the stage may begin the next step."""
    kinds = (O, W, B)
    own = next(block for kind in kinds if (block := arrays.block(job, kind, stage, step)) is not None)
    barrier = arrays.block(job, BARRIER, -1, step)
    return [own.first + own.size - 1, *([barrier.first] if barrier is not None else [])]


def _require(block: Block | None) -> Block:
    assert block is not None
    return block
