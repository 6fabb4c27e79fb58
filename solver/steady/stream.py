"""The stream: every job's microbatches one behind the other through the same devices, without idle time.

With unit times (F 1, B 2, or F, B and W 1 each) microbatch n of the stream runs F on stage s at ``s + 3 n``;
its B on the last stage follows at once, and each hop back takes ``2 + 3 x`` with x in {0, 1, 2}: on every
device the residues modulo 3 of F and B then never meet. Only the cyclic orders are kept of it, timed
again with the true durations. Each x costs memory, a microbatch more in flight upstream, and forgives a
transfer.
"""

from collections.abc import Iterator

import numpy as np

from gapweave.models.task_arrays import B, F, Int64Array, O, TaskArrays, W
from gapweave.solver.one_path import share_one_path
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.retime import CyclicOrders
from gapweave.solver.steady.sequence import MicrobatchSequence, sequences

#: Abstract ticks per unit of time: room for an O between two tasks.
_UNIT = 4
#: Most total delays that are tried.
_MOST_TOTALS = 40


def streams(graph: CyclicGraph) -> Iterator[CyclicOrders]:
    """Yield streams with more and more delay on the way back; none if the jobs' paths differ."""
    if not share_one_path(graph.instance):
        return
    hops = len(graph.instance.jobs[0].stages) - 1
    for sequence in sequences(graph.arrays):
        for total in range(0, 2 * hops + 1, 1 + 2 * hops // _MOST_TOTALS):
            delays = np.diff(np.arange(hops + 1) * total // max(1, hops))
            yield _stream(graph, sequence, delays.astype(np.int64))


def _stream(graph: CyclicGraph, sequence: MicrobatchSequence, delays: Int64Array) -> CyclicOrders:
    arrays = graph.arrays
    stages = len(graph.instance.jobs[0].stages)
    way_back = np.zeros(stages, dtype=np.int64)
    way_back[:-1] = np.cumsum((2 + 3 * delays)[::-1])[::-1]
    starts = np.zeros(arrays.node_count, dtype=np.int64)
    for block in arrays.blocks:
        if block.kind not in (F, B, W):
            continue
        number = sequence.positions[block.job, block.step]
        offset = block.stage if block.kind == F else stages + way_back[block.stage] + (block.kind == W)
        starts[block.first : block.first + block.size] = _UNIT * (3 * number + offset)
    _place_optimizers(arrays, starts)
    cut = np.zeros(len(graph.instance.devices), dtype=np.int64)
    for stage, own in enumerate(graph.instance.jobs[0].stages):
        cut[own.device] = _UNIT * (3 * sequence.positions[0, 0][0] + stage)
    return CyclicOrders.read(graph, starts, _UNIT * 3 * sequence.length, cut)


def _place_optimizers(arrays: TaskArrays, starts: Int64Array) -> None:
    """Put each O right after the last task of its stage, with a barrier after the job's last task."""
    for block in arrays.blocks:
        if block.kind != O:
            continue
        job = arrays.instance.jobs[block.job]
        stages = range(len(job.stages)) if job.optimizer_barrier else (block.stage,)
        lasts = [
            before.first + before.size - 1
            for stage in stages
            for kind in (B, W)
            if (before := arrays.block(block.job, kind, stage, block.step)) is not None
        ]
        starts[block.first] = starts[lasts].max() + _UNIT // 2
