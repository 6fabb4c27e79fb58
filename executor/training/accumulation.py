"""In which order a schedule adds up the gradients of the microbatches: sums of floats depend on it."""

from typing import TypeAlias

from gapweave.models.schedule import Schedule

#: For each stage, the microbatches in the order in which their gradients are added.
Orders: TypeAlias = tuple[tuple[int, ...], ...]


def accumulation_orders(schedule: Schedule, job: int) -> tuple[Orders, ...]:
    """Return the orders of each step of one job: those of W, of B where the backward is not split."""
    stages = schedule.instance.jobs[job].stages
    rows = sorted(schedule.tasks, key=lambda row: row.start)
    found: list[list[list[int]]] = [[[] for _ in stages] for _ in range(schedule.steps[job])]
    for row in rows:
        if row.job == job and row.kind == ("W" if stages[row.stage].is_split else "B"):
            assert row.microbatch is not None
            found[row.step][row.stage].append(row.microbatch)
    return tuple(tuple(map(tuple, step)) for step in found)
