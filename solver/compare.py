"""Every heuristic and the solver on one instance, side by side."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, TypeAlias

from gapweave.models.display import as_html
from gapweave.models.errors import Infeasible, Interrupted, InvalidOption, NotApplicable, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.metrics import measure, throughput_gain
from gapweave.models.placement import Placement, distinct_placements, placed
from gapweave.models.schedule import Mode, Primary, Schedule, SolverRecord
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics import Heuristic, heuristic, heuristics, with_variants
from gapweave.solver.heuristics.sequential import Sequential
from gapweave.solver.job_alone import best_alone
from gapweave.solver.primary import SOLVER
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.solve import solve
from gapweave.solver.timetable import make_schedule

RowStatus: TypeAlias = Literal["optimal", "feasible", "infeasible", "unknown", "not-applicable"]


@dataclass(frozen=True)
class Row:
    """One method's result; times in ticks, memory in ``memory_unit``, None where there is no schedule.

    Attributes
    ----------
    lower_bound
        The best bound known for the row's mode after the whole comparison.
    peak_memory
        Highest level over all devices.
    primary_delay
        How much later the primary ends than under its best policy alone, as a share.
    gain
        More work per time than job after job, as a share.
    """

    method: str
    mode: Mode
    status: RowStatus
    placement: str = "given"
    makespan: int | None = None
    lower_bound: int | None = None
    bubble_rate: float | None = None
    stage_span_bubble_rate: float | None = None
    primary_makespan: int | None = None
    primary_delay: float | None = None
    gain: float | None = None
    peak_memory: int | None = None
    seconds: float = 0.0
    reason: str | None = None
    schedule: Schedule | None = None

    @property
    def gap(self) -> float | None:
        """``makespan / lower_bound - 1``."""
        return self.makespan / self.lower_bound - 1 if self.makespan and self.lower_bound else None

    def to_document(self) -> dict[str, Any]:
        """Return the row as JSON values, without the schedule."""
        values = {name: value for name, value in vars(self).items() if name not in ("schedule", "reason")}
        values["gap"] = self.gap
        return values if self.reason is None else values | {"reason": self.reason}


@dataclass(frozen=True)
class Comparison:
    """All rows on one instance."""

    instance: Instance
    rows: tuple[Row, ...]

    def to_document(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {"instance": self.instance.name, "rows": [row.to_document() for row in self.rows]}

    def _repr_html_(self) -> str | None:
        """Show the comparison as a table in a notebook."""
        return as_html("comparison", self)


def compare(
    instance: Instance,
    *,
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
    methods
        Names of heuristics, and "solver"; None: all.
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
    if not time_limit > 0:
        raise InvalidOption(f"--time-limit: expected a number > 0, got {time_limit:g}")
    stop = stop or threading.Event()
    candidates = _candidates(instance, placement)
    options = {"time_limit": time_limit / len(candidates), "workers": workers, "seed": seed, "stop": stop}
    rows: list[Row] = []
    for candidate, moved in candidates.items():
        baseline = _Baseline.of(moved)
        for run in _runs(moved, methods, candidate, options, baseline):
            if stop.is_set() and rows:
                break
            begin = time.monotonic()
            row = run()
            rows.append(replace(baseline.judge(row), seconds=round(time.monotonic() - begin, 3)))
            if on_row is not None:
                on_row(rows[-1])
    return Comparison(instance, _with_best_bounds(rows))


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
    instance: Instance,
    methods: Sequence[str] | None,
    placement: Placement,
    options: dict[str, Any],
    baseline: "_Baseline",
) -> list[Callable[[], Row]]:
    """Return one function per row; raises InvalidOption at once if a method does not exist.

    The solver fills around the primary as its best policy alone has it.

    ``options`` are those of `solve`, with a time limit for all its runs together.
    """
    several = len(instance.jobs) > 1
    names = list(methods or (*(with_variants() if several else heuristics()), SOLVER))
    modes: tuple[Mode, ...] = ("joint", "fill") if several else ("joint",)
    runs: list[Callable[[], Row]] = []
    for name in names:
        if name != SOLVER:
            runs.append(partial(_run_heuristic, instance, heuristic(name), placement))
            continue
        for mode in modes:
            own = options | {"mode": mode, "time_limit": options["time_limit"] / len(modes)}
            own["primary"] = baseline.policy if mode == "fill" else None
            runs.append(partial(_run_solver, instance, placement, own))
    return runs


def _run_heuristic(instance: Instance, method: Heuristic, placement: Placement) -> Row:
    try:
        plan = method.plan(TaskArrays.build(instance))
    except NotApplicable as exc:
        return Row(method.name, "joint", "not-applicable", placement, reason=str(exc))
    problem = Problem(instance, "joint" if plan.primary is None else "fill", plan.primary)
    bound = problem.bound
    schedule = make_schedule(
        problem,
        plan.starts,
        SolverRecord(name=method.name),
        lower_bound=bound.value,
        bound=bound.bound,
        placement=placement,
    )
    return _row(method.name, schedule)


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
    return _row(SOLVER, schedule.model_copy(update={"placement": placement}))


def _row(method: str, schedule: Schedule) -> Row:
    metrics = measure(schedule)
    return Row(
        method,
        schedule.mode,
        schedule.status,
        schedule.placement,
        makespan=schedule.makespan,
        lower_bound=schedule.lower_bound,
        bubble_rate=metrics.bubble_rate,
        stage_span_bubble_rate=metrics.stage_span_bubble_rate,
        primary_makespan=schedule.job_makespans[schedule.instance.jobs[0].name],
        peak_memory=max(metrics.peak_memory),
        schedule=schedule,
    )


@dataclass(frozen=True)
class _Baseline:
    """The primary alone under its best policy, and job after job, in ticks; None if no policy applies."""

    policy: str | None
    primary: int | None
    sequential: int | None

    @classmethod
    def of(cls, instance: Instance) -> "_Baseline":
        try:
            primary = best_alone(instance, 0)
            arrays = TaskArrays.build(instance)
            starts = Sequential().plan(arrays).starts
        except NotApplicable:
            return cls(None, None, None)
        return cls(primary.source, primary.makespan, int((starts + arrays.duration).max()))

    def judge(self, row: Row) -> Row:
        """Add the primary's delay and the gain over running job after job."""
        if row.makespan is None or row.primary_makespan is None or not self.primary or not self.sequential:
            return row
        delay = row.primary_makespan / self.primary - 1
        return replace(row, primary_delay=delay, gain=throughput_gain(row.makespan, self.sequential))


def _with_best_bounds(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Give every row the best bound that any row has proven for the same placement, mode and primary.

    What bounds the joint problem bounds every way to fill as well.
    """
    best: dict[tuple[str, Primary | None], int] = {}
    for row in rows:
        if row.schedule is not None and row.lower_bound is not None:
            key = (row.placement, row.schedule.primary)
            best[key] = max(best.get(key, 0), row.lower_bound)

    def improved(row: Row) -> Row:
        if row.schedule is None:
            return row
        bound = max(best[row.placement, row.schedule.primary], best.get((row.placement, None), 0))
        status: RowStatus = "optimal" if row.makespan == bound else row.status
        return replace(row, lower_bound=bound, status=status)

    return tuple(map(improved, rows))
