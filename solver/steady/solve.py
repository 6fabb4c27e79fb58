"""Solving for the period: bounds, constructive schedules, annealing, CP-SAT, and the verifier."""

from dataclasses import replace

from gapweave.models.errors import Infeasible, InvalidOption
from gapweave.models.instance import Instance
from gapweave.models.schedule import Schedule
from gapweave.solver.bounds.period import period_bound
from gapweave.solver.incumbent import OnProgress
from gapweave.solver.known import Known
from gapweave.solver.options import Options
from gapweave.solver.primary import SOLVER, require_best
from gapweave.solver.problem import refuse_impossible_memory
from gapweave.solver.steady.beside_primary import BesideSearch, most_promising
from gapweave.solver.steady.candidate import Beside
from gapweave.solver.steady.conclude import conclude
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.improve import improve
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.known import tell
from gapweave.solver.steady.primary_choices import primary_choices
from gapweave.solver.steady.primary_step import primary_step
from gapweave.solver.stopping import Stopping

#: Share of the time limit after which the search for bounds ends.
_BOUND_SHARE = 0.15
#: Share of the time limit for scheduling the primary alone, where a mode needs it.
_PRIMARY_SHARE = 0.25
#: Share of the time that is left for other schedules of it that are as good.
_CHOICES_SHARE = 0.1


def solve_period(
    instance: Instance,
    steps: tuple[int, ...] | None,
    options: Options,
    stopping: Stopping,
    on_progress: OnProgress | None,
    known: Known | None = None,
) -> Schedule:
    """Find the least period in which every job does its steps, for ever.

    Parameters
    ----------
    steps
        Steps of each job per period; None: one each, or beside a primary that keeps its own period as many
        of the others as fit.
    known
        Schedules to start from and bounds that hold; see `gapweave.solver.steady.known.tell`.

    Raises
    ------
    Infeasible
        One microbatch does not fit, or a job is released late, which has no meaning in steady state.
    NothingFound, Interrupted
        Time was up, or the user stopped, before there was a schedule.
    """
    refuse_impossible_memory(instance)
    for job in instance.jobs:
        if job.release:
            raise Infeasible(
                f"job {job.name!r}: with a period it must be released at 0, not at {job.release}"
            )
    if options.mode == "fill" or options.primary_slack is not None:
        if known is not None:
            raise InvalidOption("known: with objective period goes with mode joint, without a slack")
        return _beside_primary(instance, steps, options, stopping, on_progress)
    graph = CyclicGraph.build(instance, steps)
    bound = period_bound(instance, graph.arrays.steps, stopping.share(_BOUND_SHARE))
    incumbent = SteadyIncumbent(graph, stopping, bound, on_progress)
    if known is not None:
        tell(known, graph, incumbent)
    construct(graph, incumbent, stopping, options.seed, options.threads)
    improve(graph, incumbent, options, stopping)
    return conclude(incumbent, options, stopping)


def _beside_primary(
    instance: Instance,
    steps: tuple[int, ...] | None,
    options: Options,
    stopping: Stopping,
    on_progress: OnProgress | None,
) -> Schedule:
    """Schedule the primary alone first, then as many steps of the others as fit."""

    def solve_alone(primary_only: Instance) -> Schedule:
        own = replace(options, mode="joint", primary=None, primary_slack=None, placement="given", steps=None)
        return solve_period(primary_only, None, own, stopping.share(_PRIMARY_SHARE), None)

    if options.primary_slack is not None:
        require_best(options.primary)
    step = primary_step(instance, options.primary or SOLVER, solve_alone)
    if options.primary_slack is not None:
        promise = step.with_slack(options.primary_slack)
        slack = Beside(instance, step, promise, False, options, on_progress, improve)
        return BesideSearch(slack).run(steps, stopping)
    choices = [step]
    if step.alone.source == SOLVER and len(instance.jobs) > 1:
        share = stopping.share(_CHOICES_SHARE)
        choices = primary_choices(instance, step, options, share, improve)
    problems = [Beside(instance, one, one.pinned(), True, options, on_progress, improve) for one in choices]
    return most_promising(list(map(BesideSearch, problems)), steps, stopping).run(steps, stopping)
