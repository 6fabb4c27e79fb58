"""The schedule that always fits into memory: one microbatch after the other through all devices and back."""

import numpy as np

from gapweave.models.task_arrays import O
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import CyclicOrders


def one_at_a_time(graph: CyclicGraph) -> CyclicOrders:
    """Return orders in which no two tasks run at a time, and each W follows its B.

    So while a microbatch comes back, no stage holds more than when the last stage was reached.
    """
    arrays = graph.arrays
    tasks = slice(0, arrays.task_count)
    kind, stage = arrays.kind[tasks], arrays.stage[tasks]
    last = np.array([len(job.stages) for job in graph.instance.jobs])[arrays.job[tasks]]
    microbatch = np.where(kind == O, arrays.task_count, arrays.microbatch[tasks])
    back = last + 2 * (last - stage)
    place = np.choose(kind, [stage, back, back + 1, 4 * last + stage])
    order = np.lexsort((place, microbatch, arrays.step[tasks], arrays.job[tasks]))
    starts = np.zeros(arrays.node_count, dtype=np.int64)
    starts[order] = np.arange(len(order))
    cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
    return CyclicOrders.read(graph, starts, max(1, len(order)), cut)
