"""What a microbatch holds of its device's memory, as intervals from one of its tasks to another."""

from collections.abc import Iterator
from typing import NamedTuple

from gapweave.models.instance import Stage
from gapweave.models.task_arrays import B, F, TaskArrays, W


class Hold(NamedTuple):
    """An amount of memory that is held from the start of one node to the end of another."""

    claim: int
    release: int
    amount: int


def holds_on(arrays: TaskArrays, device: int) -> Iterator[Hold]:
    """Yield all that tasks of a device hold, resident memory apart."""
    for forward in arrays.blocks:
        if forward.kind != F or forward.device != device:
            continue
        firsts = {F: forward.first}
        for kind in (B, W):
            block = arrays.block(forward.job, kind, forward.stage)
            if block is not None:
                firsts[kind] = block.first
        stage = arrays.instance.jobs[forward.job].stages[forward.stage]
        for claim, release, amount in held_amounts(stage):
            if amount:
                for microbatch in range(forward.size):
                    yield Hold(firsts[claim] + microbatch, firsts[release] + microbatch, amount)


def held_amounts(stage: Stage) -> list[tuple[int, int, int]]:
    """Return (claiming kind, freeing kind, amount) of what one microbatch holds on a stage.

    Deltas f, b, w of F, B, W become intervals: an amount that B frees is held from F to B's end, what W
    frees from F to W's end; what B claims on top, from B to W's end.
    """
    memory = stage.memory
    if not stage.is_split:
        return [(F, B, memory.forward)]
    if memory.backward <= 0:
        return [(F, B, -memory.backward), (F, W, -memory.weight)]
    return [(F, W, memory.forward), (B, W, memory.backward)]
