"""Local search on the order of the tasks of each device, as for job shops."""

from gapweave.solver.order_search.search import HOT, MILD, Passes, search_orders, shaken

__all__ = ["HOT", "MILD", "Passes", "search_orders", "shaken"]
