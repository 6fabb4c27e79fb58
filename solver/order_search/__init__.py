"""Local search on the order of the tasks of each device, as for job shops."""

from gapweave.solver.order_search.search import search_orders

__all__ = ["search_orders"]
