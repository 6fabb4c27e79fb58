"""Compare formulations of the exact model: ``python benchmarks/formulations.py [seconds]`` prints a table.

Every formulation starts from the same schedule, the best of one second of construction, with one worker.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from gapweave import Instance
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.construct import construct
from gapweave.solver.cpsat.model import ScheduleModel
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import JobAlone, alone
from gapweave.solver.options import Options
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Names of instances, and whether the primary is pinned under 1F1B.
CASES = (
    ("fusion-00-cap", False),
    ("fusion-08-cap", False),
    ("fusion-02-cap", False),
    ("zb-6.2b+6.2b-p8-m24-1x", False),
    ("uniform-p8-m16-k2-cap16", False),
    ("uniform-p8-m16-k2-reversed-cap16", False),
    ("uniform-p8-m16-k2-reversed", True),
    ("uniform-p8-m32-k2-reversed", True),
)


class AnyTurns(ScheduleModel):
    """The model without an order of equal jobs."""

    def _order_equal_jobs(self) -> None:
        return


@dataclass(frozen=True)
class Formulation:
    """A model, how much better than the known schedule it must be, and CP-SAT's level of linearization."""

    name: str
    model: type[ScheduleModel] = ScheduleModel
    is_hinted: bool = True
    least_gain: int = 0
    at_the_bound: bool = False
    linearization: int = 1


FORMULATIONS = (
    Formulation("used: hint, equal jobs in turns"),
    Formulation("equal jobs in any order", AnyTurns),
    Formulation("no hint", is_hinted=False),
    Formulation("strictly better than known", least_gain=1),
    Formulation("no linear relaxation", linearization=0),
    Formulation("decision: makespan = bound", at_the_bound=True),
)


class Watch(cp_model.CpSolverSolutionCallback):
    """Notes the first objective, and when the makespan is within 1 % of the bound."""

    def __init__(self, makespan: cp_model.IntVar, bound: int) -> None:
        super().__init__()
        self._makespan, self._bound, self._begin = makespan, bound, time.monotonic()
        self.first: int | None = None
        self.best: int | None = None
        self.near: float | None = None

    def on_solution_callback(self) -> None:
        """Take a solution into account."""
        self.best = self.value(self._makespan)
        self.first = self.best if self.first is None else self.first
        if self.near is None and self.best <= 1.01 * self._bound:
            self.near = time.monotonic() - self._begin


def pose(name: str, is_fill: bool) -> tuple[Problem, Int64Array]:
    """Return the problem and a schedule to begin with."""
    instance, own = Instance.load(name), None
    if is_fill:
        own = alone(instance, 0, heuristic("1f1b"))
    problem = _problem(instance, own)
    incumbent = Incumbent(problem, Stopping(None))
    options = Options("makespan", "joint", None, None, "given", 1.0, None, 1, 0)
    construct(problem, incumbent, Stopping(1.0), options, own)
    if incumbent.starts is None:
        raise SystemExit(f"{name}: no schedule within a second")
    return problem, incumbent.starts


def _problem(instance: Instance, own: JobAlone | None) -> Problem:
    return Problem(instance) if own is None else Problem(instance, "fill", own.as_primary())


def measure(formulation: Formulation, problem: Problem, starts: Int64Array, seconds: float) -> str:
    """Return a cell: time to proof or the gap left, then the time to 1 %; * if the hint was not the first."""
    known, bound = problem.makespan(starts), problem.bound.value
    most = bound if formulation.at_the_bound else known - formulation.least_gain
    model = formulation.model(problem, most, starts if formulation.is_hinted else None)
    begin = time.monotonic()
    model.build(Stopping(None))
    watch, solver = Watch(model.variables.makespan, bound), cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.linearization_level = formulation.linearization
    status = solver.solve(model.cp_model, watch)
    taken = time.monotonic() - begin
    best = min(known, watch.best or known)
    if status == cp_model.OPTIMAL:
        result = f"proven in {taken:.1f} s"
    elif status == cp_model.INFEASIBLE:
        result = f"refuted in {taken:.1f} s"
    else:
        result = f"gap {best / max(bound, solver.best_objective_bound) - 1:.2%}"
    near = "start" if known <= 1.01 * bound else "-" if watch.near is None else f"{watch.near:.1f} s"
    lost = formulation.is_hinted and most == known and watch.first not in (None, known)
    return f"{result}; 1 %: {near}{' *' if lost else ''}"


def main(arguments: Sequence[str], write: Callable[[str], None] = print) -> None:
    """Print the table, row by row."""
    seconds = float(arguments[0]) if arguments else 20.0
    write("| instance | known / bound | " + " | ".join(one.name for one in FORMULATIONS) + " |")
    write("|---|---|" + "---|" * len(FORMULATIONS))
    for name, is_fill in CASES:
        problem, starts = pose(name, is_fill)
        cells = [measure(one, problem, starts, seconds) for one in FORMULATIONS]
        known = f"{problem.makespan(starts)} / {problem.bound.value}"
        write(f"| {'fill ' if is_fill else ''}{name} | {known} | " + " | ".join(cells) + " |")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
