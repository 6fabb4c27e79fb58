"""Where the tasks of a pinned primary start."""

import numpy as np

from gapweave.models.errors import InvalidOption
from gapweave.models.schedule import Primary
from gapweave.models.task_arrays import NODE_KINDS, Int64Array, TaskArrays
from gapweave.solver.timing import with_milestones


def pinned_starts(arrays: TaskArrays, primary: Primary) -> Int64Array:
    """Return the start of each pinned node, -1 for the free ones, shape (nodes,), in ticks.

    Raises
    ------
    InvalidOption
        The primary's schedule is not one of the first job of these tasks.
    """
    starts = np.full(arrays.node_count, -1, dtype=np.int64)
    for kind, stage, microbatch, start in primary.tasks or ():
        block = arrays.block(0, NODE_KINDS.index(kind), stage)
        if block is None or not 0 <= (microbatch or 0) < block.size:
            raise InvalidOption(f"the primary's schedule has a task that is not in {arrays.instance.name!r}")
        starts[block.first + (microbatch or 0)] = start
    milestones = range(arrays.task_count, arrays.node_count)
    return with_milestones(starts, arrays, [node for node in milestones if arrays.job[node] == 0])
