"""From the best periodic schedule found to a verified one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gapweave.models.errors import Interrupted, NothingFound
from gapweave.models.schedule import Mode, Primary, Schedule, SolverRecord, sort_tasks
from gapweave.models.task import ScheduledTask
from gapweave.models.task_arrays import Int64Array
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.options import Options
from gapweave.solver.record import solver_record, timed
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.primary_step import PrimaryStep
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import job_ends, rows_of, verified


def conclude(
    incumbent: SteadyIncumbent,
    options: Options,
    stopping: Stopping,
    *,
    primary: Primary | None = None,
    pinned: PrimaryStep | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Schedule:
    """Turn the best schedule into a verified one, or say why there is none.

    Parameters
    ----------
    primary
        What is promised to the primary.
    pinned
        ``fill``: the primary's step, whose own rows the schedule takes as they are.
    notes
        Further notes of the solver.

    Raises
    ------
    NothingFound, Interrupted
        There is no schedule.
    """
    best, graph = incumbent.best, incumbent.graph
    if best is None:
        raise nothing_found(stopping, "no schedule was found within the limit")
    starts = best.timed.starts
    rows = rows_of(graph.arrays, starts) if pinned is None else _beside(graph, pinned, starts)
    record = solver_record(options, best.source)
    record = record.model_copy(update={"notes": {**record.notes, **(notes or {})}})
    schedule = periodic_schedule(
        graph,
        rows,
        best.period,
        incumbent.proven,
        record,
        placement=options.placement,
        mode="joint" if pinned is None else "fill",
        primary=primary,
    )
    return timed(verified(schedule), stopping)


def periodic_schedule(
    graph: CyclicGraph,
    rows: Sequence[ScheduledTask],
    period: int,
    proven: ProvenBound,
    solver: SolverRecord,
    *,
    placement: str,
    mode: Mode = "joint",
    primary: Primary | None = None,
) -> Schedule:
    """Return rows as a schedule that repeats, not verified yet."""
    return Schedule(
        instance=graph.instance,
        placement=placement,
        objective="period",
        mode=mode,
        steps=graph.arrays.steps,
        status="optimal" if period == proven.value else "feasible",
        makespan=max(row.end for row in rows) - min(row.start for row in rows),
        period=period,
        lower_bound=proven.value,
        bound=proven.bound,
        job_makespans=job_ends(graph.instance, rows),
        primary=primary,
        solver=solver,
        tasks=sort_tasks(rows),
    )


def nothing_found(stopping: Stopping, reason: str) -> NothingFound | Interrupted:
    """Return the error that says why there is no schedule: time, or the user's wish."""
    if stopping.signal.is_set():
        return Interrupted("interrupted before a schedule was found")
    return NothingFound(reason)


def _beside(graph: CyclicGraph, pinned: PrimaryStep, starts: Int64Array) -> list[ScheduledTask]:
    """Return the primary's rows at its own times, and each other job moved by whole periods to follow 0."""
    arrays = graph.arrays
    period = arrays.steps[0] * pinned.period
    first = next(block.first for block in arrays.blocks if block.job == 0)
    rows = pinned.steps(arrays.steps[0])
    own = next(row for row in sorted(rows, key=_order) if row.stage == 0 and row.kind == "F")
    starts = starts + (own.start - starts[first])
    for job in range(1, len(graph.instance.jobs)):
        chosen = arrays.job == job
        earliest = int(starts[chosen & (np.arange(len(starts)) < arrays.task_count)].min())
        starts[chosen] -= earliest // period * period
    return rows + [row for row in rows_of(arrays, starts) if row.job > 0]


def _order(row: ScheduledTask) -> tuple[int, int]:
    return row.step, row.start
