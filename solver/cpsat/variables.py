"""Decision variables of the CP-SAT model."""

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from gapweave.models.task_arrays import Int64Array
from gapweave.solver.problem import Problem


@dataclass(frozen=True, eq=False)
class Variables:
    """Start of each node (a constant where it is pinned), interval of each free task, and the makespan."""

    start: list[cp_model.LinearExprT]
    interval: dict[int, cp_model.IntervalVar]
    makespan: cp_model.IntVar

    @classmethod
    def create(cls, model: cp_model.CpModel, problem: Problem, upper_bound: int) -> "Variables":
        """Create all variables; their domains hold heads, tails, the primary's limit and its idle intervals.

        Parameters
        ----------
        upper_bound
            Largest makespan of interest, in ticks.
        """
        arrays = problem.arrays
        makespan = model.new_int_var(problem.bound.value, upper_bound, "makespan")
        earliest, latest = _earliest_starts(problem), _latest_starts(problem, upper_bound)
        start: list[cp_model.LinearExprT] = [0] * arrays.node_count
        interval = {}
        for block in arrays.blocks:
            gaps = idle_intervals(problem, block.device, upper_bound)
            for node in block.nodes:
                if problem.is_pinned[node]:
                    assert problem.pinned is not None
                    start[node] = int(problem.pinned[node])
                    continue
                domain = domain_of_starts(earliest[node], latest[node], block.duration, gaps)
                if domain.is_empty():  # CP-SAT would call the model invalid, but it is infeasible
                    model.add_bool_or([])
                    domain = cp_model.Domain(earliest[node], earliest[node])
                variable = model.new_int_var_from_domain(domain, f"s{node}")
                start[node] = variable
                if block.device >= 0:
                    interval[node] = model.new_fixed_size_interval_var(variable, block.duration, f"i{node}")
        return cls(start, interval, makespan)


def idle_intervals(problem: Problem, device: int, horizon: int) -> list[tuple[int, int]]:
    """Return where free tasks may run on a device: between pinned tasks, up to the horizon."""
    return problem.rooms[device].idle(horizon) if device >= 0 else [(0, horizon)]


def _earliest_starts(problem: Problem) -> list[int]:
    """Earliest start of each node; beside a pinned primary, of each free node."""
    head = problem.paths.head
    if problem.windows is not None:
        head = np.maximum(head, problem.windows.head)
    return [int(value) for value in head]


def _latest_starts(problem: Problem, upper_bound: int) -> list[int]:
    """Latest start of each node in a schedule of at most this makespan that keeps the primary's limit."""
    arrays = problem.arrays
    limit = np.full(arrays.node_count, upper_bound, dtype=np.int64)
    if problem.primary_limit is not None:
        limit[arrays.job == 0] = min(upper_bound, problem.primary_limit)
    tail = problem.paths.tail
    if problem.windows is not None:
        tail = np.maximum(tail, problem.windows.tails(upper_bound))
    latest: Int64Array = limit - tail - arrays.duration
    return [int(value) for value in latest]


def domain_of_starts(
    earliest: int, latest: int, duration: int, gaps: list[tuple[int, int]]
) -> cp_model.Domain:
    """Starts in [earliest, latest] for which [start, start + duration) lies inside one gap."""
    windows = [(max(earliest, begin), min(latest, end - duration)) for begin, end in gaps]
    return cp_model.Domain.from_intervals([list(window) for window in windows if window[0] <= window[1]])
