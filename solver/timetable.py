"""From starts to a schedule: rows, status, makespans, the verifier's word on all of it; and back."""

from collections.abc import Sequence

import numpy as np

from gapweave.models.errors import InternalError
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound, Schedule, SolverRecord, sort_tasks
from gapweave.models.task import KINDS, ScheduledTask
from gapweave.models.task_arrays import Int64Array, TaskArrays, W
from gapweave.models.verify import verify
from gapweave.solver.problem import Problem
from gapweave.solver.timing import with_milestones


def make_schedule(
    problem: Problem,
    starts: Int64Array,
    solver: SolverRecord,
    *,
    lower_bound: int | None = None,
    bound: Bound | None = None,
    placement: str = "given",
    verify_it: bool = True,
) -> Schedule:
    """Build the schedule of one step of every job, and verify it unless the caller does.

    Parameters
    ----------
    starts
        Start of every node, shape (nodes,), in ticks.
    lower_bound, bound
        What is proven about the makespan; None if nothing is.

    Raises
    ------
    InternalError
        The verifier rejects the schedule.
    """
    rows = rows_of(problem.arrays, starts)
    makespan = max(row.end for row in rows)
    schedule = Schedule(
        instance=problem.instance,
        placement=placement,
        mode=problem.mode,
        steps=problem.arrays.steps,
        status="optimal" if makespan == lower_bound else "feasible",
        makespan=makespan,
        lower_bound=lower_bound,
        bound=bound,
        job_makespans=job_ends(problem.instance, rows),
        primary=problem.primary,
        solver=solver,
        tasks=sort_tasks(rows),
    )
    return verified(schedule) if verify_it else schedule


def job_ends(instance: Instance, rows: Sequence[ScheduledTask]) -> dict[str, int]:
    """Return the latest end of each job, in ticks, by its name."""
    return {
        job.name: max(row.end for row in rows if row.job == index) for index, job in enumerate(instance.jobs)
    }


def starts_of(schedule: Schedule, arrays: TaskArrays) -> Int64Array:
    """Return the start of every node, shape (nodes,), in ticks, of a schedule that has every task."""
    starts = np.zeros(arrays.node_count, dtype=np.int64)
    for row in schedule.tasks:
        block = arrays.block(row.job, KINDS.index(row.kind), row.stage, row.step)
        assert block is not None
        starts[block.first + (row.microbatch or 0)] = row.start
    return with_milestones(starts, arrays, range(arrays.task_count, arrays.node_count))


def verified(schedule: Schedule) -> Schedule:
    """Return the schedule if the verifier accepts it, else raise InternalError."""
    violations = verify(schedule)
    if violations:
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        raise InternalError(
            f"{schedule.solver.name} made a schedule that breaks a rule: {violations[0]}{more}"
        )
    return schedule


def rows_of(arrays: TaskArrays, starts: Int64Array) -> list[ScheduledTask]:
    """Return every task with its times, from the start of every node, shape (nodes,), in ticks."""
    rows = []
    for block in arrays.blocks:
        if block.device < 0:
            continue
        kind = KINDS[block.kind]
        for offset, start in enumerate(starts[block.first : block.first + block.size].tolist()):
            microbatch = offset if block.kind <= W else None
            end = start + block.duration
            rows.append(
                ScheduledTask(block.job, block.step, kind, block.stage, microbatch, block.device, start, end)
            )
    return rows
