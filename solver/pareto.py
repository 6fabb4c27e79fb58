"""The trade-off between the makespan of all jobs and the primary's slowdown.

Each question allows more than the one before: the primary exactly as it is best alone; the primary free to
move, but ending at most a slack later than alone; no limit. So a schedule that answers one question answers
every later one, a bound that holds for one holds for every earlier one, and results never get worse with
more slack.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gapweave.models.display import as_html
from gapweave.models.errors import (
    GapweaveError,
    Infeasible,
    Interrupted,
    InvalidOption,
    NothingFound,
)
from gapweave.models.instance import Instance
from gapweave.models.placement import Placement, placed
from gapweave.models.schedule import Schedule, SolverRecord
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.bounds import ProvenBound
from gapweave.solver.job_alone import best_alone
from gapweave.solver.known import Known
from gapweave.solver.pareto_question import Question, questions
from gapweave.solver.primary import SOLVER
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.proven_answer import proven_answer
from gapweave.solver.rows import Baseline, Row, row_of
from gapweave.solver.solve import solve
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import make_schedule

#: How much later than alone the primary may end, as shares.
SLACKS = (0.0, 0.01, 0.02, 0.05)
#: Share of the time for scheduling the primary alone; what it leaves goes to the others.
_PRIMARY_SHARE = 0.2
#: Share of the time that all single-job policies together may take, and seconds that they always may.
_BASELINE_SHARE, _SHORT_BASELINE = 0.3, 1.0
#: Seconds per task that they take; most of it goes to zb-auto.
_POLICY_SECONDS_PER_TASK = 6e-4
#: Seconds that a solve is given even if there are none left: it then answers with what is known.
_LEAST_TIME = 1e-6
#: Seconds per task for verifying a schedule that answers another question too.
_VERIFYING = 12e-6


@dataclass(frozen=True)
class ParetoRow(Row):
    """The best schedule of all jobs for one slack.

    Attributes
    ----------
    slack
        How much later than alone the primary may end, as a share; None: no limit. In mode ``fill`` it does
        not even move.
    primary_delay
        How much later it ends, as a share of its best makespan found alone.
    """

    slack: float | None = None


@dataclass(frozen=True)
class ParetoFront:
    """Makespans of all jobs against slowdowns of the primary, from the tightest question to the loosest.

    Attributes
    ----------
    instance
        As placed.
    primary
        The best schedule found of the primary alone, which all rows share.
    sequential
        Makespan of running job after job, each under its best policy, in ticks; None if no policy applies,
        or if trying them all would take too long.
    """

    instance: Instance
    primary: Schedule
    sequential: int | None
    rows: tuple[ParetoRow, ...]

    def to_document(self) -> dict[str, Any]:
        """Return the rows, and what is known of the primary alone, as JSON values."""
        alone = {"makespan": self.primary.makespan, "lower_bound": self.primary.lower_bound}
        return {
            "instance": self.instance.name,
            "primary_alone": alone | {"status": self.primary.status},
            "rows": [row.to_document() for row in self.rows],
        }

    def _repr_html_(self) -> str | None:
        """Show words and table in a notebook."""
        return as_html("pareto", self)


def pareto(
    instance: Instance,
    *,
    slacks: Sequence[float] = SLACKS,
    placement: Placement = "given",
    time_limit: float = 60.0,
    workers: int | None = None,
    seed: int = 0,
    on_row: Callable[[ParetoRow], None] | None = None,
    stop: threading.Event | None = None,
) -> ParetoFront:
    """Trade the makespan of all jobs against the primary's slowdown; every schedule is verified.

    Parameters
    ----------
    slacks
        How much later than its best makespan found alone the primary may end (0.02: 2 %), each a row of mode
        ``joint``. Before them stands a row of mode ``fill``, in which the primary keeps exactly its best
        schedule alone, and after them one without limit.
    placement
        Where the secondary jobs' stages run.
    time_limit
        Seconds for everything together.
    on_row
        Is called with each row as soon as it is there; the final rows may be better, by what others found.
    stop
        Set this event to end early; rows that nothing was found for have the status ``unknown``.

    Raises
    ------
    InvalidOption
        The instance has one job, or an option is wrong.
    Infeasible
        There is no schedule, proven.
    NothingFound, Interrupted
        No schedule was found until the limit, or until ``stop`` was set.
    """
    _require_options(instance, slacks, time_limit)
    moved = placed(instance, placement)
    refuse_impossible_memory(moved)
    stopping = Stopping(time_limit, stop or threading.Event()).reserving(_VERIFYING * moved.task_count)
    own: dict[str, Any] = {"workers": workers, "seed": seed, "stop": stopping.signal}
    baseline = _baseline(moved, stopping)
    alone = _solve_alone(moved, baseline, stopping.share(_PRIMARY_SHARE), own)
    baseline = replace(baseline, primary=alone.makespan)
    search = _Search(moved, questions(moved, alone, slacks), baseline, placement, own)
    search.run(stopping, on_row)
    return ParetoFront(moved, alone, baseline.sequential, search.rows())


def _baseline(instance: Instance, stopping: Stopping) -> Baseline:
    """Return each job alone under its best policy; unknown where trying them all would take too long."""
    seconds = max(_BASELINE_SHARE * stopping.remaining, _SHORT_BASELINE)
    has_time = _POLICY_SECONDS_PER_TASK * instance.task_count < seconds
    return Baseline.of(TaskArrays.build(instance)) if has_time else Baseline(None, None, None)


def _solve_alone(
    instance: Instance, baseline: Baseline, stopping: Stopping, options: dict[str, Any]
) -> Schedule:
    """Return the primary's best schedule alone, no worse than under its best policy if that is known."""
    problem = Problem(instance.with_jobs(0))
    known = Known()
    if baseline.policy is not None:
        own = best_alone(instance, 0)
        known = Known((make_schedule(problem, own.starts, SolverRecord(name=own.source)),))
    limit = max(stopping.remaining, _LEAST_TIME)
    return solve(problem.instance, time_limit=limit, known=known, **options)


def _require_options(instance: Instance, slacks: Sequence[float], time_limit: float) -> None:
    if len(instance.jobs) < 2:
        raise InvalidOption("--pareto: needs at least two jobs, this instance has one")
    if not time_limit > 0:
        raise InvalidOption(f"--time-limit: expected a number > 0, got {time_limit:g}")
    for slack in slacks:
        if not 0 <= slack <= 1e6:
            raise InvalidOption(f"slacks: expected numbers from 0 to 1e+06, got {slack}")


class _Search:
    """Answers the questions one after the other, each with all that is known from the others."""

    def __init__(
        self,
        instance: Instance,
        questions: Sequence[Question],
        baseline: Baseline,
        placement: Placement,
        options: dict[str, Any],
    ) -> None:
        self.instance = instance
        self.questions = questions
        self.placement = placement
        self.options = options
        self.baseline = baseline
        self.answers: dict[int, Schedule] = {}
        self.failures: dict[int, GapweaveError] = {}
        self.seconds: dict[int, float] = {}

    def run(self, stopping: Stopping, on_row: Callable[[ParetoRow], None] | None) -> None:
        """Ask the loosest question first, whose bound holds for all, then the others from the tightest on.

        These two are asked however little time there is: the others can live on the tightest one's schedule.
        """
        last = len(self.questions) - 1
        for count, index in enumerate([last, *range(last)]):
            if (stopping and count >= 2) or (stopping.signal.is_set() and count):
                return
            begin = time.monotonic()
            limit = stopping.share(1 / (len(self.questions) - count)).time_limit
            try:
                self.answers[index] = self._solve(index, limit)
            except (Infeasible, NothingFound, Interrupted) as exc:
                self.failures[index] = exc
            self.seconds[index] = round(time.monotonic() - begin, 3)
            if on_row is not None:
                on_row(self._row(index, self.answers.get(index)))

    def rows(self) -> tuple[ParetoRow, ...]:
        """Return the best row for each question, whichever question it was found for."""
        if not self.answers and self.failures:
            raise next(iter(self.failures.values()))
        return tuple(self._row(index, self._best(index)) for index in range(len(self.questions)))

    def _solve(self, index: int, time_limit: float | None) -> Schedule:
        known = Known(tuple(self.answers.values()), tuple(self._bounds(index)))
        limit = max(time_limit or 0.0, _LEAST_TIME)
        options = self.options | self.questions[index].options | {"time_limit": limit, "known": known}
        return solve(self.instance, **options)

    def _bounds(self, index: int) -> Iterable[ProvenBound]:
        """Yield what is proven about this question: by answers to questions that allow all that it allows."""
        for other, answer in self.answers.items():
            if (
                self.questions[other].allows(self.questions[index])
                and answer.lower_bound is not None
                and answer.bound is not None
            ):
                yield ProvenBound(answer.lower_bound, answer.bound)

    def _best(self, index: int) -> Schedule | None:
        """Return the best answer to a question; of equals, the one in which the primary ends first."""
        question = self.questions[index]
        answers = self.answers.items()
        fitting = [
            answer
            for other, answer in answers
            if other == index or (question.mode == "joint" and question.admits(answer))
        ]
        if not fitting:
            return None
        primary = self.instance.jobs[0].name
        best = min(fitting, key=lambda answer: (answer.makespan, answer.job_makespans[primary]))
        proven = max(self._bounds(index), key=lambda proven: proven.value, default=None)
        return proven_answer(best, proven, mode=question.mode, primary=question.promise)

    def _row(self, index: int, schedule: Schedule | None) -> ParetoRow:
        question, seconds = self.questions[index], self.seconds.get(index, 0.0)
        if schedule is None:
            failure = self.failures.get(index)
            row = Row(
                SOLVER,
                question.mode,
                "infeasible" if isinstance(failure, Infeasible) else "unknown",
                self.placement,
                reason=str(failure or "no time was left for it"),
            )
        else:
            row = row_of(SOLVER, schedule.model_copy(update={"placement": self.placement}))
            row = self.baseline.judge(row)
        return ParetoRow(**vars(replace(row, seconds=seconds)), slack=question.slack)
