"""The task graph as the compiled search on orders reads it, as it is or mirrored in time."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gapweave.models.memory import memory_effects
from gapweave.models.task_arrays import NODE_KINDS, Int64Array
from gapweave.solver.problem import Problem
from gapweave.solver.room import free_capacities
from gapweave.solver.slices import pointers_by

#: Stands for no limit, of memory or time; a sum of a few still fits 64 bits.
UNLIMITED = 2**60


class OrderGraph(NamedTuple):
    """All about the tasks but their order; ``*_ptr`` arrays cut flat ones into a slice per node or device.

    Nodes may be numbered by time: then what a move touches lies together in memory.

    Attributes
    ----------
    duration, release, latest_end, tail
        Per node, in ticks: its duration, its earliest start, the end that it must not exceed (the same as
        the earliest if it is pinned), and the time from its end to the makespan that it must leave.
    device, lane, delta
        Per node: its device (-1: a milestone), its block, the change of its device's memory.
    following
        The next node of the same lane (-1: none); the nodes of a lane run in the order of their numbers.
    pred_ptr, preds, lags, succ_ptr, succs
        Precedences by target, with their lags, and by source.
    first_pred, first_lag
        Each node's first entry of ``preds`` and ``lags`` (-1: none), as most nodes have no other.
    seq_ptr
        Where the tasks of each device begin in a list of all orders, shape (devices + 1,).
    capacity
        Per device: the limit of every prefix sum of its tasks' deltas.
    """

    duration: Int64Array
    release: Int64Array
    latest_end: Int64Array
    tail: Int64Array
    device: Int64Array
    lane: Int64Array
    delta: Int64Array
    following: Int64Array
    pred_ptr: Int64Array
    preds: Int64Array
    lags: Int64Array
    succ_ptr: Int64Array
    succs: Int64Array
    first_pred: Int64Array
    first_lag: Int64Array
    seq_ptr: Int64Array
    capacity: Int64Array


@dataclass(frozen=True)
class _Nodes:
    """What `OrderGraph` says per node, and the precedences as (source, target, lag)."""

    duration: Int64Array
    release: Int64Array
    latest_end: Int64Array
    tail: Int64Array
    device: Int64Array
    lane: Int64Array
    delta: Int64Array
    source: Int64Array
    target: Int64Array
    lag: Int64Array

    def renumbered(self, rank: Int64Array) -> "_Nodes":
        """Return the same with ``rank`` as the numbers of the nodes."""
        by_rank = np.empty_like(rank)
        by_rank[rank] = np.arange(len(rank))
        return _Nodes(
            duration=self.duration[by_rank],
            release=self.release[by_rank],
            latest_end=self.latest_end[by_rank],
            tail=self.tail[by_rank],
            device=self.device[by_rank],
            lane=self.lane[by_rank],
            delta=self.delta[by_rank],
            source=rank[self.source],
            target=rank[self.target],
            lag=self.lag,
        )


def rank_by_time(problem: Problem, starts: Int64Array) -> Int64Array:
    """Return a number per node, by start; microbatches of a block keep their order."""
    rank = np.empty(len(starts), dtype=np.int64)
    rank[np.argsort(in_order(problem, starts), kind="stable")] = np.arange(len(starts))
    return rank


def in_order(problem: Problem, starts: Int64Array) -> Int64Array:
    """Return starts with those of each block sorted: its microbatches are alike."""
    ordered = starts.copy()
    for block in problem.arrays.blocks:
        ordered[block.first : block.first + block.size].sort()
    return ordered


def forward_graph(problem: Problem, target: int, rank: Int64Array) -> OrderGraph:
    """Return the graph as it is; tails make pinned tasks due at their ends if the makespan is ``target``.

    Parameters
    ----------
    rank
        The number of each node in the graph.
    """
    return _assembled(_nodes(problem, target).renumbered(rank), problem)


def mirrored_graph(problem: Problem, target: int, rank: Int64Array) -> OrderGraph:
    """Return the graph with time running backwards from ``target``, and nodes numbered in reverse.

    A device's deltas add up to 0, so what its first k tasks hold, the others free: mirrored, the prefix sums
    are the same numbers in reverse.
    """
    nodes, last = _nodes(problem, target), problem.arrays.node_count - 1
    mirrored = _Nodes(
        duration=nodes.duration[::-1],
        release=np.maximum(target - nodes.latest_end, 0)[::-1],
        latest_end=np.where(problem.is_pinned, target - nodes.release, UNLIMITED)[::-1],
        tail=np.where(problem.is_pinned, nodes.release, problem.paths.head)[::-1],
        device=nodes.device[::-1],
        lane=nodes.lane[::-1],
        delta=-nodes.delta[::-1],
        source=last - nodes.target,
        target=last - nodes.source,
        lag=nodes.lag,
    )
    return _assembled(mirrored.renumbered(last - rank[::-1]), problem)


def _nodes(problem: Problem, target: int) -> _Nodes:
    arrays, tail = problem.arrays, problem.paths.tail
    sizes = [block.size for block in arrays.blocks]
    release = np.array([job.release for job in problem.instance.jobs], dtype=np.int64)[arrays.job]
    latest_end = np.full(arrays.node_count, UNLIMITED, dtype=np.int64)
    if problem.primary_limit is not None:
        latest_end[arrays.job == 0] = problem.primary_limit
        tail = tail + np.maximum(target - latest_end, 0)
    if problem.pinned is not None:
        release = np.where(problem.is_pinned, problem.pinned, release)
        latest_end = np.where(problem.is_pinned, problem.pinned + arrays.duration, latest_end)
        tail = np.where(problem.is_pinned, target - latest_end, tail)
    return _Nodes(
        duration=arrays.duration,
        release=release,
        latest_end=latest_end,
        tail=tail,
        device=arrays.device,
        lane=np.repeat(np.arange(len(sizes), dtype=np.int64), sizes),
        delta=np.repeat(_block_deltas(problem), sizes),
        source=arrays.edge_source,
        target=arrays.edge_target,
        lag=arrays.edge_lag,
    )


def _block_deltas(problem: Problem) -> Int64Array:
    effects = memory_effects(problem.instance)
    keys = ((block.job, block.stage, NODE_KINDS[block.kind]) for block in problem.arrays.blocks)
    return np.array([effects[key][1] if key in effects else 0 for key in keys], dtype=np.int64)


def _assembled(nodes: _Nodes, problem: Problem) -> OrderGraph:
    count, devices = len(nodes.duration), len(problem.instance.devices)
    by_target = np.argsort(nodes.target, kind="stable")
    pred_ptr = pointers_by(nodes.target, count)
    preds, lags = nodes.source[by_target], nodes.lag[by_target]
    has_pred = np.diff(pred_ptr) > 0
    first_pred, first_lag = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
    first_pred[has_pred] = preds[pred_ptr[:-1][has_pred]]
    first_lag[has_pred] = lags[pred_ptr[:-1][has_pred]]
    capacities = [UNLIMITED if free is None else free for free in free_capacities(problem.instance)]
    return OrderGraph(
        duration=nodes.duration,
        release=nodes.release,
        latest_end=nodes.latest_end,
        tail=nodes.tail,
        device=nodes.device,
        lane=nodes.lane,
        delta=nodes.delta,
        following=_following(nodes.lane),
        pred_ptr=pred_ptr,
        preds=preds,
        lags=lags,
        succ_ptr=pointers_by(nodes.source, count),
        succs=nodes.target[np.argsort(nodes.source, kind="stable")],
        first_pred=first_pred,
        first_lag=first_lag,
        seq_ptr=pointers_by(nodes.device[nodes.device >= 0], devices),
        capacity=np.array(capacities, dtype=np.int64),
    )


def _following(lane: Int64Array) -> Int64Array:
    by_lane = np.argsort(lane, kind="stable")
    same = lane[by_lane[1:]] == lane[by_lane[:-1]]
    following = np.full(len(lane), -1, dtype=np.int64)
    following[by_lane[:-1][same]] = by_lane[1:][same]
    return following
