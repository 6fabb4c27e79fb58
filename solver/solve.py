"""Solving an instance: bounds, then constructive schedules, then CP-SAT, and at the end the verifier."""

import threading
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

from gapweave.models.errors import Interrupted, InvalidOption, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.placement import Placement, placed
from gapweave.models.schedule import Mode, Objective, Schedule
from gapweave.solver.agenda import Agenda
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.construct import construct
from gapweave.solver.default_policy import DEFAULT_POLICY
from gapweave.solver.horizons import Rising
from gapweave.solver.improve import Improvement
from gapweave.solver.incumbent import Incumbent, OnProgress
from gapweave.solver.job_alone import JobAlone
from gapweave.solver.kernels import Preparation, prepare_shaving
from gapweave.solver.known import Known
from gapweave.solver.options import Options
from gapweave.solver.placement_search import search_placements
from gapweave.solver.primary import best_known_alone, primary_alone, with_slack
from gapweave.solver.problem import Problem, refuse_impossible_memory
from gapweave.solver.record import solver_record, timed
from gapweave.solver.shaving import Shaving
from gapweave.solver.steady.solve import solve_period
from gapweave.solver.stopping import Stopping
from gapweave.solver.streams import search_streams
from gapweave.solver.timetable import make_schedule

#: Above this many free tasks CP-SAT hardly ever proves what the bounds do not, but by propagation alone.
MOST_TASKS_TO_PROVE = 1_000
#: Above this many its propagation takes too long as well.
_MOST_TASKS_TO_ASK = 5_000
#: Up to this many, much is decided at once, so that comes before the search along streams.
_FEW_TASKS = 300
#: Share of the time after construction for the search along streams.
_STREAMS_SHARE = 0.4
#: Share of the time limit for scheduling the primary alone, where a mode needs it.
_PRIMARY_SHARE = 0.25
#: Share of the time after construction, and of the work, for the questions that CP-SAT answers at once.
_SETTLE_SHARE = 0.1
#: The same with few tasks, and how often their questions are asked again with twice the budget.
_SETTLE_SHARE_OF_FEW, _REPETITIONS_OF_FEW = 0.25, 3
#: Share of that time, and of the time for proofs, for shaving, as long as it pays.
_SHAVE_SHARE = 0.5
#: Shares of the time that is left then, and of the work, for improving and proving in turn.
_TURNS = ((0.28, 0.22), (0.22, 0.28))
#: Without proofs: shares of the time left, and of the work, for improving, twice, before shaving once more.
_BEFORE_SHAVING = 0.25
#: Shares of what is left then for shaving, and where the second search was in vain.
_SHAVE_LATE, _SHAVE_STUCK = 0.4, 0.8
#: The last of the first where proofs closed less than this share of the gap before.
_LITTLE, _LAST_AFTER_LITTLE = 0.02, (0.45, 0.05)
#: Seconds per task that building and verifying the final schedule takes, kept back from the searches.
_CONCLUSION = 25e-6


def solve(
    instance: Instance,
    *,
    objective: Objective = "makespan",
    mode: Mode = "joint",
    primary: str | Path | Schedule | None = None,
    primary_slack: float | None = None,
    placement: Placement | Literal["search"] = "given",
    time_limit: float | None = 60.0,
    work_limit: float | None = None,
    workers: int | None = None,
    seed: int = 0,
    steps: tuple[int, ...] | None = None,
    known: Known | None = None,
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> Schedule:
    """Schedule all jobs of an instance together with the least makespan, or the least period.

    Parameters
    ----------
    instance
        The problem.
    objective
        ``makespan`` of one step of every job; ``period``: the time after which everything repeats, in
        training that goes on for ever.
    mode
        ``joint``: all jobs are scheduled freely; ``fill``: the primary keeps its own schedule and the
        others go into its idle intervals.
    primary
        ``fill``: how the primary is scheduled: a single-job policy (default: 1f1b), "solver", or a schedule
        (file); with objective ``period`` of the primary alone (default: "solver", in a quarter of the
        time). With ``primary_slack``: the best schedule of it alone, if one is known already (default:
        "solver", in a quarter of the time).
    primary_slack
        ``joint``: the primary may end at most this much later than the best found for it alone (0.02: 2 %);
        with objective ``period`` its steps may take that much longer.
    placement
        Where the secondary jobs' stages run; "search" tries every placement under one time limit.
    time_limit
        Seconds until the verified result; None: no limit.
    work_limit
        Limit of CP-SAT's search in its deterministic units: with one worker, the same result every time.
    workers
        Threads of the search; None: as many as there are cores.
    seed
        Of every random choice.
    steps
        Objective ``period``: how many steps each job does in one period (default: one each; in ``fill``, or
        with a slack, as many of the others per step of the primary as are found to fit).
    known
        Schedules to start from and bounds that hold, from earlier solves of the same instance; not with
        placement "search".
    on_progress
        Is called with each new phase, better schedule and better bound; from another thread while CP-SAT
        works.
    stop
        Set this event to end with the best schedule so far.

    Returns
    -------
    Schedule
        Verified; ``status`` is ``optimal`` if it meets the proven bound.

    Raises
    ------
    InvalidOption
        Options that do not exist or do not go together.
    Infeasible
        There is no schedule, proven.
    NothingFound, Interrupted
        No schedule was found until the limit, or until ``stop`` was set.
    """
    options = Options(
        objective, mode, primary, primary_slack, placement, time_limit, work_limit, workers, seed, steps
    )
    stopping = Stopping(time_limit, stop or threading.Event())
    if placement == "search":
        if known is not None:
            raise InvalidOption("known: goes with one placement, not with 'search'")

        def solve_placed(moved: Instance, limit: float | None) -> Schedule:
            return _solve_placed(moved, options, stopping.within(limit), on_progress)

        return search_placements(instance, solve_placed, stopping, partial(_least_merit, options))
    return _solve_placed(placed(instance, placement), options, stopping, on_progress, known)


def _least_merit(options: Options, instance: Instance) -> Fraction:
    """Bound what `search_placements` compares, before anything is solved."""
    if options.objective == "makespan":
        return Fraction(Problem(instance).bound.value)
    steps = _steps(instance, options)
    if steps is None and (options.mode == "fill" or options.primary_slack is not None):
        return Fraction(0)
    bound = period_bound(instance, steps or (1,) * len(instance.jobs))
    return Fraction(bound.value, 1 if steps is None else steps[-1])


def _solve_placed(
    instance: Instance,
    options: Options,
    stopping: Stopping,
    on_progress: OnProgress | None,
    known: Known | None = None,
) -> Schedule:
    """Pose the problem, construct schedules, improve and prove, verify."""
    stopping = stopping.reserving(_CONCLUSION * instance.task_count)
    if options.objective == "period":
        return solve_period(instance, _steps(instance, options), options, stopping, on_progress, known)
    problem, pinned = _pose(instance, options, stopping)
    incumbent = Incumbent(problem, stopping, on_progress)
    if known is not None:
        known.tell(incumbent)
    construct(problem, incumbent, stopping, options, pinned)
    _search(problem, incumbent, stopping, options)
    return _conclude(problem, incumbent, stopping, options)


def _steps(instance: Instance, options: Options) -> tuple[int, ...] | None:
    if options.steps is not None and len(options.steps) != len(instance.jobs):
        raise InvalidOption(f"--steps: expected {len(instance.jobs)} (one per job), got {len(options.steps)}")
    return options.steps


def _pose(instance: Instance, options: Options, stopping: Stopping) -> tuple[Problem, JobAlone | None]:
    """State the problem, with the primary scheduled alone first where the mode needs it."""
    refuse_impossible_memory(instance)

    def solve_alone(primary_only: Instance) -> Schedule:
        own = replace(options, mode="joint", primary=None, primary_slack=None, placement="given")
        return _solve_placed(primary_only, own, stopping.share(_PRIMARY_SHARE), None)

    if options.mode == "fill":
        pinned = primary_alone(instance, options.primary or DEFAULT_POLICY, solve_alone)
        return Problem(instance, "fill", pinned.as_primary()), pinned
    if options.primary_slack is not None:
        pinned = best_known_alone(instance, options.primary, solve_alone)
        return Problem(instance, "joint", with_slack(pinned, options.primary_slack)), pinned
    return Problem(instance), None


def _search(problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options) -> None:
    """Settle what is decided at once, then search around the best schedule, in turns with longer proofs."""
    improvement, shaving = Improvement(problem, incumbent), Shaving(incumbent)
    tasks = _free_tasks(problem)
    is_provable = tasks <= MOST_TASKS_TO_PROVE
    agenda = Agenda(shaving=shaving if shaving.is_possible else None) if is_provable else Agenda(Rising())
    settled = _SETTLE_SHARE
    if tasks <= _FEW_TASKS:
        settled = _SETTLE_SHARE_OF_FEW
        _settle(incumbent, shaving, stopping, options, agenda, settled, _REPETITIONS_OF_FEW)
    if not (stopping or incumbent.is_optimal):
        search_streams(problem, incumbent, stopping.share(_STREAMS_SHARE), options.seed, options.threads)
    if tasks > _FEW_TASKS:
        _settle(incumbent, shaving, stopping, options, agenda, settled)
    options = options.with_work(1 - settled)
    if is_provable:
        _improve_and_prove(incumbent, improvement, shaving, stopping, options, agenda)
    else:
        _improve_and_shave(improvement, shaving, stopping, options)


def _improve_and_prove(
    incumbent: Incumbent,
    improvement: Improvement,
    shaving: Shaving,
    stopping: Stopping,
    options: Options,
    agenda: Agenda,
) -> None:
    """Search around the best schedule and prove, in turns; as long as it pays, proofs begin with shaving."""
    left, gap, closed = 1.0, _gap(incumbent), 1.0
    for improving, proving in _TURNS:
        persistent = closed < _LITTLE and options.has_deadline
        if persistent:
            improving, proving = _LAST_AFTER_LITTLE
        if 2 * _gap(incumbent) > gap:  # as long as proofs close half of it, nothing does better
            turn, own = stopping.share(improving / left), options.with_work(improving)
            improvement.run(turn, own, persistent=persistent)
        left, gap = left - improving, _gap(incumbent)
        turn, own = stopping.share(proving / left), options.with_work(proving)
        _shave(shaving, turn, own)
        _prove(incumbent, turn, own, agenda)
        left -= proving
        closed = 1 - _gap(incumbent) / max(1, gap)


def _improve_and_shave(
    improvement: Improvement, shaving: Shaving, stopping: Stopping, options: Options
) -> None:
    """Search around the best schedule to the end, but for one more turn of shaving, longer if it is stuck."""
    persistent, left, is_stuck = options.has_deadline, 1.0, False
    if not shaving.is_spent:
        for _ in range(2):
            makespan, own = shaving.incumbent.makespan, options.with_work(_BEFORE_SHAVING)
            improvement.run(stopping.share(_BEFORE_SHAVING / left), own, persistent=persistent)
            is_stuck, left = makespan == shaving.incumbent.makespan, left - _BEFORE_SHAVING
        share = _SHAVE_STUCK if is_stuck else _SHAVE_LATE
        _shave(shaving, stopping.share(share), options.with_work(share), is_patient=is_stuck)
        options = options.with_work(left)
    improvement.run(stopping, options, persistent=persistent)


def _settle(
    incumbent: Incumbent,
    shaving: Shaving,
    stopping: Stopping,
    options: Options,
    agenda: Agenda,
    share: float,
    repetitions: int = 0,
) -> None:
    """Ask the questions that shaving and CP-SAT answer at once, where there are not too many tasks."""
    if incumbent.starts is None:
        return
    stopping, options = stopping.share(share), options.with_work(share)
    _shave(shaving, stopping, options)
    if _free_tasks(incumbent.problem) <= _MOST_TASKS_TO_ASK:
        _prove(incumbent, stopping, options, agenda, 2**repetitions * agenda.horizons.budget)


def _shave(shaving: Shaving, stopping: Stopping, options: Options, *, is_patient: bool = False) -> None:
    """Raise the bound by shaving, for half of the time and work, then for the rest as long as it pays."""
    if shaving.is_spent or shaving.incumbent.is_optimal or not Preparation(prepare_shaving).wait(stopping):
        return
    for turn, share in ((stopping.share(_SHAVE_SHARE), _SHAVE_SHARE), (stopping, 1 - _SHAVE_SHARE)):
        own = options.with_work(share)
        shaving.run(turn, workers=own.threads, work_limit=own.work_limit)
        if not (shaving.pays or is_patient):
            return


def _gap(incumbent: Incumbent) -> float:
    """Return the ticks between bound and best schedule; infinite without a schedule."""
    return float("inf") if incumbent.makespan is None else incumbent.makespan - incumbent.lower_bound


def _free_tasks(problem: Problem) -> int:
    return int((~problem.is_pinned).sum())


def _prove(
    incumbent: Incumbent,
    stopping: Stopping,
    options: Options,
    agenda: Agenda,
    most_per_question: float = float("inf"),
) -> None:
    """Let CP-SAT close the gap, if there is one."""
    if incumbent.is_optimal or stopping:
        return
    if agenda.shaving is not None and not Preparation(prepare_shaving).wait(stopping):
        return
    from gapweave.solver.cpsat import bisect, improve_and_prove  # OR-Tools takes a while to load

    workers, seed, limit = options.threads, options.seed, options.work_limit
    if incumbent.starts is None:
        improve_and_prove(
            incumbent.problem, incumbent, stopping, workers=workers, seed=seed, work_limit=limit
        )
    else:
        bisect(
            incumbent,
            stopping,
            workers=workers,
            seed=seed,
            work_limit=limit,
            agenda=agenda,
            most_per_question=most_per_question,
        )


def _conclude(problem: Problem, incumbent: Incumbent, stopping: Stopping, options: Options) -> Schedule:
    """Turn the incumbent into a verified schedule, or say why there is none."""
    if incumbent.starts is None:
        if stopping.signal.is_set():
            raise Interrupted("interrupted before a schedule was found")
        raise NothingFound("no schedule was found within the limit")
    schedule = make_schedule(
        problem,
        incumbent.starts,
        solver_record(options, incumbent.source),
        lower_bound=incumbent.lower_bound,
        bound=incumbent.bound,
        placement=options.placement,
    )
    return timed(schedule, stopping)
