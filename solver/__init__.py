"""How it is scheduled: lower bounds, heuristics, CP-SAT models and the search over them."""
