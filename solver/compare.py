"""Every heuristic and the solver on one instance, side by side."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from gapweave.models.display import as_html
from gapweave.models.errors import Infeasible, Interrupted, InvalidOption, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.placement import Placement, distinct_placements, placed
from gapweave.models.schedule import Mode, Objective, Primary, SolverRecord
from gapweave.solver.compare_period import PeriodRuns
from gapweave.solver.heuristics import Heuristic, heuristic, heuristics, with_variants
from gapweave.solver.primary import SOLVER
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.rows import Baseline, Row, RowStatus, row_of
from gapweave.solver.solve import solve
from gapweave.solver.timetable import make_schedule


@dataclass(frozen=True)
class Comparison:
    """All rows on one instance; with objective ``period`` they are `PeriodRow`."""

    instance: Instance
    rows: tuple[Row, ...]
    objective: Objective = "makespan"

    def to_document(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {"instance": self.instance.name, "rows": [row.to_document() for row in self.rows]}

    def _repr_html_(self) -> str | None:
        """Show the comparison as a table in a notebook."""
        return as_html("comparison", self)


def compare(
    instance: Instance,
    *,
    objective: Objective = "makespan",
    methods: Sequence[str] | None = None,
    placement: Placement | Literal["search"] = "given",
    time_limit: float = 60.0,
    workers: int | None = None,
    seed: int = 0,
    on_row: Callable[[Row], None] | None = None,
    stop: threading.Event | None = None,
) -> Comparison:
    """Run every heuristic, and the solver in every mode, on one instance; every schedule is verified.

    Parameters
    ----------
    objective
        ``makespan`` of one step; ``period``: steady state, where every heuristic's orders are repeated as
        often as they allow, and all is judged by training one job after the other.
    methods
        Names of heuristics, and "solver"; None: all. With objective ``period`` also "one-after-the-other".
    placement
        Where the secondary jobs' stages run; "search": one set of rows for each placement that suits.
    time_limit
        Seconds for all runs of the solver together.
    on_row
        Is called with each row as soon as it is there.
    stop
        Set this event to end early; what is running ends with its best schedule so far.

    Raises
    ------
    InvalidOption
        A method does not exist.
    Infeasible
        There is no schedule, proven.
    """
    if objective not in ("makespan", "period"):
        raise InvalidOption(f"--objective: expected 'makespan' or 'period', got {objective!r}")
    if not time_limit > 0:
        raise InvalidOption(f"--time-limit: expected a number > 0, got {time_limit:g}")
    stop = stop or threading.Event()
    candidates = _candidates(instance, placement)
    options = {"time_limit": time_limit / len(candidates), "workers": workers, "seed": seed, "stop": stop}
    rows: list[Row] = []
    for candidate, moved in candidates.items():
        judge, runs = _judged_runs(objective, moved, methods, candidate, options)
        for run in runs:
            if stop.is_set() and rows:
                break
            begin = time.monotonic()
            row = run()
            rows.append(replace(judge(row), seconds=round(time.monotonic() - begin, 3)))
            if on_row is not None:
                on_row(rows[-1])
    return Comparison(instance, _with_best_bounds(rows), objective)


def _judged_runs(
    objective: Objective,
    instance: Instance,
    methods: Sequence[str] | None,
    placement: Placement,
    options: dict[str, Any],
) -> tuple[Callable[[Row], Row], list[Callable[[], Row]]]:
    """Return what judges a row, and one function per row."""
    if objective == "period":
        steady = PeriodRuns(instance, placement, options)
        runs = steady.of(methods)
        steady.solve_alone()
        return steady.alone.judge, runs
    problem = Problem(instance)
    baseline = Baseline.of(problem.arrays)
    return baseline.judge, _runs(problem, methods, placement, options, baseline)


def _candidates(instance: Instance, placement: Placement | Literal["search"]) -> dict[Placement, Instance]:
    """Return the placed instances that a microbatch fits into (Infeasible if there is none)."""
    if placement != "search":
        moved = placed(instance, placement)
        refuse_impossible_memory(moved)
        return {placement: moved}
    fitting = {}
    for candidate, moved in distinct_placements(instance).items():
        with suppress(Infeasible):
            refuse_impossible_memory(moved)
            fitting[candidate] = moved
    if not fitting:
        raise Infeasible("one microbatch of each stage does not fit into memory under any placement")
    return fitting


def _runs(
    problem: Problem,
    methods: Sequence[str] | None,
    placement: Placement,
    options: dict[str, Any],
    baseline: Baseline,
) -> list[Callable[[], Row]]:
    """Return one function per row; raises InvalidOption at once if a method does not exist.

    The solver fills around the primary as its best policy alone has it.

    ``options`` are those of `solve`, with a time limit for all its runs together.
    """
    several = len(problem.instance.jobs) > 1
    names = list(methods or (*(with_variants() if several else heuristics()), SOLVER))
    modes: tuple[Mode, ...] = ("joint", "fill") if several else ("joint",)
    runs: list[Callable[[], Row]] = []
    for name in names:
        if name != SOLVER:
            runs.append(partial(_run_heuristic, problem, heuristic(name), placement))
            continue
        for mode in modes:
            own = options | {"mode": mode, "time_limit": options["time_limit"] / len(modes)}
            own["primary"] = baseline.policy if mode == "fill" else None
            runs.append(partial(_run_solver, problem.instance, placement, own))
    return runs


def _run_heuristic(problem: Problem, method: Heuristic, placement: Placement) -> Row:
    try:
        plan = method.plan(problem.arrays)
    except NotApplicable as exc:
        return Row(method.name, "joint", "not-applicable", placement, reason=str(exc))
    posed = problem if plan.primary is None else problem.filling(plan.primary)
    bound = posed.bound
    schedule = make_schedule(
        posed,
        plan.starts,
        SolverRecord(name=method.name),
        lower_bound=bound.value,
        bound=bound.bound,
        placement=placement,
    )
    return row_of(method.name, schedule)


def _run_solver(instance: Instance, placement: Placement, options: dict[str, Any]) -> Row:
    mode: Mode = options["mode"]
    try:
        schedule = solve(instance, **options)
    except NotApplicable as exc:
        return Row(SOLVER, mode, "not-applicable", placement, reason=str(exc))
    except Infeasible as exc:
        return Row(SOLVER, mode, "infeasible", placement, reason=str(exc))
    except (NothingFound, Interrupted) as exc:
        return Row(SOLVER, mode, "unknown", placement, reason=str(exc))
    return row_of(SOLVER, schedule.model_copy(update={"placement": placement}))


def _with_best_bounds(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Give every row the best bound that any row has proven for the same placement, steps and primary.

    What bounds the joint problem bounds every way to fill as well.
    """
    best: dict[tuple[str, tuple[int, ...], Primary | None], int] = {}
    for row in rows:
        if row.schedule is not None and row.lower_bound is not None:
            key = (row.placement, row.schedule.steps, row.schedule.primary)
            best[key] = max(best.get(key, 0), row.lower_bound)

    def improved(row: Row) -> Row:
        if row.schedule is None:
            return row
        steps = row.schedule.steps
        bound = best[row.placement, steps, row.schedule.primary]
        bound = max(bound, best.get((row.placement, steps, None), 0))
        status: RowStatus = "optimal" if row.value == bound else row.status
        return replace(row, lower_bound=bound, status=status)

    return tuple(map(improved, rows))
