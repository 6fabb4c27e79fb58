"""What a microbatch holds of its device's memory, as intervals from one of its tasks to another."""

from gapweave.models.instance import Stage
from gapweave.models.task_arrays import B, F, W


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
