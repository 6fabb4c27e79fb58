"""One step of the primary as it repeats alone: what mode ``fill`` keeps, and what a slack is measured by."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np

from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Primary, Schedule
from gapweave.models.task import ScheduledTask
from gapweave.models.task_arrays import Int64Array, TaskArrays
from gapweave.models.verify import verify
from gapweave.solver.heuristics import heuristic
from gapweave.solver.job_alone import JobAlone, from_schedule
from gapweave.solver.primary import SOLVER, is_policy
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.repeated import repeated
from gapweave.solver.timetable import rows_of

SolveAlone = Callable[[Instance], Schedule]


@dataclass(frozen=True, eq=False)
class PrimaryStep:
    """The primary alone: times of one step, and the period T1 after which the next one runs, in ticks."""

    alone: JobAlone
    period: int

    @property
    def rows(self) -> list[ScheduledTask]:
        """The tasks of the step."""
        return rows_of(self.alone.arrays, self.alone.starts)

    def steps(self, count: int) -> list[ScheduledTask]:
        """Return the tasks of this many steps in a row."""
        rows = self.rows
        return [
            row._replace(step=step, start=row.start + step * self.period, end=row.end + step * self.period)
            for step in range(count)
            for row in rows
        ]

    def pinned(self) -> Primary:
        """Return the promise of mode ``fill``: exactly these times."""
        tasks = tuple((row.kind, row.stage, row.microbatch, row.start) for row in self.rows)
        return Primary(source=self.alone.source, makespan=self.period, limit=self.period, tasks=tasks)

    def with_slack(self, slack: float) -> Primary:
        """Return the promise of mode ``joint`` with a slack: ``floor((1 + slack) T1)`` per step at most."""
        limit = floor((1 + Fraction(str(slack))) * self.period)
        return Primary(source=self.alone.source, makespan=self.period, limit=limit)


def primary_step(instance: Instance, method: str | Path | Schedule, solve_alone: SolveAlone) -> PrimaryStep:
    """Return the primary as it repeats alone; the others' resident memory stays taken.

    Parameters
    ----------
    method
        Name of a single-job policy, whose orders are timed again for the least period; "solver"; a schedule
        of the primary alone with a period, or the path of its file.
    solve_alone
        Finds the least period of an instance that has only the primary.

    Raises
    ------
    InvalidOption, InvalidSchedule, NotApplicable
        The method does not exist, cannot be read, or does not apply.
    Infeasible
        A given schedule cannot be kept here.
    """
    if isinstance(method, str | Path) and method != SOLVER and is_policy(method):
        return _repeated_policy(instance, str(method))
    if method == SOLVER:
        return _from_schedule(instance, solve_alone(instance.with_jobs(0)), SOLVER)
    given = method if isinstance(method, Schedule) else Schedule.load(method)
    step = _from_schedule(instance, given, given.solver.name if given is method else str(method))
    _require_rules(instance, step, given)
    return step


def primary_pins(arrays: TaskArrays, step: PrimaryStep) -> Int64Array:
    """Return the primary's starts, in order on every stage, -1 for other tasks; shape (tasks,)."""
    own = step.alone.arrays
    pins = np.full(arrays.task_count, -1, dtype=np.int64)
    for block in arrays.blocks:
        if block.job == 0 and block.device >= 0:
            alone = own.block(0, block.kind, block.stage)
            assert alone is not None
            starts = np.sort(step.alone.starts[alone.first : alone.first + alone.size])
            pins[block.first : block.first + block.size] = starts + block.step * step.period
    return pins


def _repeated_policy(instance: Instance, name: str) -> PrimaryStep:
    own = instance.with_jobs(0)
    arrays = TaskArrays.build(own)
    policy = heuristic(name)
    found = repeated(CyclicGraph.build(own), policy.plan(arrays).starts)
    if found is None:
        raise Infeasible(f"the primary's schedule by {name} cannot be repeated within its memory")
    return PrimaryStep(JobAlone(policy.name, arrays, found.starts), found.period)


def _from_schedule(instance: Instance, schedule: Schedule, source: str) -> PrimaryStep:
    if schedule.period is None or schedule.steps != (1,):
        raise InvalidOption(
            f"{source}: expected a schedule of the primary alone, with objective period and one step"
        )
    return PrimaryStep(from_schedule(instance, schedule, source), schedule.period)


def _require_rules(instance: Instance, step: PrimaryStep, given: Schedule) -> None:
    """Refuse times that break a rule, before anything is built around them."""
    here = given.model_copy(update={"instance": instance.with_jobs(0)})
    violations = [violation for violation in verify(here) if violation.rule != "claim"]
    if violations:
        raise Infeasible(f"the primary's schedule {step.alone.source} cannot be kept: {violations[0]}")
