"""Memory of a device inside a window."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import gcd

from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Int64Array, W
from gapweave.solver.cpsat.window_frame import Frame
from gapweave.solver.device_orders import OrderGraph
from gapweave.solver.held_memory import held_amounts
from gapweave.solver.order_kernel import NEVER
from gapweave.solver.room import free_capacities


def add_memory(
    model: cp_model.CpModel,
    starts: Sequence[cp_model.IntVar],
    frame: Frame,
    number: int,
    ranges: tuple[Int64Array, Int64Array],
) -> None:
    """What is held inside a part fits: sum of h over [s_claim, s_free + d_free) <= free at its entry.

    What was claimed before the window counts until it is freed inside; what is claimed inside and freed
    after, to the end.

    Parameters
    ----------
    starts
        Per movable node.
    number
        Of the part.
    ranges
        Earliest and latest starts of the movable nodes.
    """
    graph, part = frame.orders.graph, frame.window.parts[number]
    nodes = frame.window.nodes(part)
    capacity = free_capacities(graph.problem.instance)[graph.problem.arrays.device[nodes[0]]]
    if capacity is None:
        return
    places = dict(zip(nodes, frame.nodes(number).tolist(), strict=True))
    room = capacity - int(frame.orders.level[part[0]])
    holds = list(_holds(graph, nodes))
    room += sum(amount for claim, _, amount in holds if claim not in places)
    levels = list(_pinned_levels(frame, number, ranges))
    amounts = [amount for *_, amount in holds] + [level for *_, level in levels]
    if sum(amounts) <= room:
        return
    intervals, makespan = [], frame.orders.makespan
    for claim, release, _ in holds:
        first = starts[places[claim]] if claim in places else 0
        last = starts[places[release]] + int(graph.duration[release]) if release in places else makespan
        is_inside = claim in places and release in places
        size = model.new_int_var(0, makespan, "") if is_inside else last - first
        intervals.append(model.new_interval_var(first, size, last, ""))
    intervals += [model.new_fixed_size_interval_var(begin, end - begin, "") for begin, end, _ in levels]
    scale = gcd(*amounts)
    model.add_cumulative(intervals, [amount // scale for amount in amounts], room // scale)


def _holds(graph: OrderGraph, nodes: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield (claiming node, freeing node, amount) of all memory that these tasks claim or free."""
    arrays, inside = graph.problem.arrays, set(nodes)
    places = {
        (int(arrays.job[n]), int(arrays.stage[n]), int(arrays.microbatch[n])): int(arrays.kind[n])
        for n in nodes
    }
    for (job, stage, microbatch), kind in places.items():
        if kind > W:
            continue
        for claim, release, amount in held_amounts(arrays.instance.jobs[job].stages[stage]):
            blocks = arrays.block(job, claim, stage), arrays.block(job, release, stage)
            claiming, freeing = (block.first + microbatch for block in blocks if block is not None)
            if amount and (claiming in inside or freeing in inside):
                yield claiming, freeing, amount


def _pinned_levels(
    frame: Frame, number: int, ranges: tuple[Int64Array, Int64Array]
) -> Iterator[tuple[int, int, int]]:
    """Yield (begin, end, level) of what pinned tasks hold while the part runs."""
    own, (earliest, latest) = frame.nodes(number), ranges
    low, high = int(earliest[own].min()), int((latest + frame.duration)[own].max())
    steps = frame.orders.graph.pinned_levels[frame.orders.graph.fixed.device[frame.movable[own[0]]]]
    for step in range(bisect_right(steps, (low, NEVER)) - 1, len(steps)):
        time, level = steps[step]
        until = steps[step + 1][0] if step + 1 < len(steps) else high
        if time >= high:
            return
        if level and max(time, low) < min(until, high):
            yield max(time, low), min(until, high), level
