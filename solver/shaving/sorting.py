"""Sorting what is nearly in order."""

from gapweave.solver.compiled import compiled


@compiled
def sort(order, key):  # type: ignore[no-untyped-def]
    """Sort by key; by insertion, as hardly anything is out of order."""
    for place in range(1, len(order)):
        item, hole = order[place], place
        while hole > 0 and key[order[hole - 1]] > key[item]:
            order[hole] = order[hole - 1]
            hole -= 1
        order[hole] = item
