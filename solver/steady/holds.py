"""What the microbatches of one period hold of each device's memory, from which task to which."""

from typing import NamedTuple

from gapweave.models.task_arrays import F
from gapweave.solver.held_memory import held_amounts
from gapweave.solver.steady.graph import CyclicGraph


class Hold(NamedTuple):
    """An amount, from the start of the node that claims it to the end of the one that frees it."""

    claim: int
    release: int
    amount: int


def holds_of(graph: CyclicGraph) -> list[list[Hold]]:
    """Return what is held of each device, device by device."""
    arrays = graph.arrays
    holds: list[list[Hold]] = [[] for _ in graph.instance.devices]
    for block in arrays.blocks:
        if block.kind != F:
            continue
        for claim, release, amount in held_amounts(arrays.instance.jobs[block.job].stages[block.stage]):
            claims = arrays.block(block.job, claim, block.stage, block.step)
            frees = arrays.block(block.job, release, block.stage, block.step)
            if amount and claims is not None and frees is not None:
                pairs = zip(claims.nodes, frees.nodes, strict=True)
                holds[block.device] += [Hold(*pair, amount) for pair in pairs]
    return holds
