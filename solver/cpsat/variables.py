"""Decision variables of the CP-SAT model."""

from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from gapweave.solver.domains import earliest_starts, latest_starts
from gapweave.solver.problem import Problem
from gapweave.solver.shaving.relaxation import Domains


@dataclass(frozen=True, eq=False)
class Variables:
    """Start of each node (a constant where it is pinned), interval of each free task, and the makespan."""

    start: list[cp_model.LinearExprT]
    interval: dict[int, cp_model.IntervalVar]
    makespan: cp_model.IntVar

    @classmethod
    def create(
        cls, model: cp_model.CpModel, problem: Problem, upper_bound: int, cut: Domains | None = None
    ) -> "Variables":
        """Create all variables; their domains hold heads, tails, the primary's limit and its idle intervals.

        Parameters
        ----------
        upper_bound
            Largest makespan of interest, in ticks.
        cut
            What else is known of the nodes' times in such schedules.
        """
        arrays = problem.arrays
        makespan = model.new_int_var(problem.bound.value, upper_bound, "makespan")
        early, late = earliest_starts(problem), latest_starts(problem, upper_bound)
        if cut is not None:
            early = np.maximum(early, cut.early)
            late = np.minimum(late, -cut.late - arrays.duration)
        earliest, latest = early.tolist(), late.tolist()
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


def domain_of_starts(
    earliest: int, latest: int, duration: int, gaps: list[tuple[int, int]]
) -> cp_model.Domain:
    """Starts in [earliest, latest] for which [start, start + duration) lies inside one gap."""
    windows = [(max(earliest, begin), min(latest, end - duration)) for begin, end in gaps]
    return cp_model.Domain.from_intervals([list(window) for window in windows if window[0] <= window[1]])
