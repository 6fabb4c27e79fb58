"""Solving for the period: bounds, constructive schedules, annealing, CP-SAT, and the verifier."""

from gapweave.models.errors import Infeasible, Interrupted, NothingFound
from gapweave.models.instance import Instance
from gapweave.models.schedule import Bound, Schedule, sort_tasks
from gapweave.solver.bounds import ProvenBound, step_span
from gapweave.solver.incumbent import OnProgress
from gapweave.solver.options import Options
from gapweave.solver.problem import refuse_impossible_memory
from gapweave.solver.record import solver_record
from gapweave.solver.steady.construct import construct
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.search import CyclicAnnealing
from gapweave.solver.stopping import Stopping
from gapweave.solver.timetable import rows_of, verified

#: Above this many tasks CP-SAT does not look at the whole period at once.
_MOST_TASKS_TO_PROVE = 600
#: Up to this many, CP-SAT may use all time that is left for a proof.
_FEW_TASKS = 200
#: Rounds of annealing without success after which CP-SAT is asked.
_FRUITLESS = 4


def solve_period(
    instance: Instance,
    steps: tuple[int, ...],
    options: Options,
    stopping: Stopping,
    on_progress: OnProgress | None,
) -> Schedule:
    """Find the least period in which every job does its steps, for ever.

    Parameters
    ----------
    steps
        Steps of each job per period.

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
    graph = CyclicGraph.build(instance, steps)
    incumbent = SteadyIncumbent(graph, stopping, _bound(graph), on_progress)
    construct(graph, incumbent, stopping)
    _improve(graph, incumbent, options, stopping)
    return _conclude(graph, incumbent, options, stopping)


def _bound(graph: CyclicGraph) -> ProvenBound:
    """A device runs one task at a time, and the steps of a job follow each other."""
    device = int(graph.load.argmax())
    load = ProvenBound(int(graph.load[device]), Bound(argument="device-load", certificate={"device": device}))
    return max(load, step_span.propose(graph.instance, graph.arrays.steps), key=lambda bound: bound.value)


def _improve(graph: CyclicGraph, incumbent: SteadyIncumbent, options: Options, stopping: Stopping) -> None:
    """Anneal until it stagnates, let CP-SAT prove or improve what is small enough, anneal again."""
    if incumbent.best is None or incumbent.is_optimal:
        return
    annealing = CyclicAnnealing(graph, incumbent, options.seed)
    tasks, threads, work = graph.arrays.task_count, options.threads, options.work_limit
    for_proof = tasks <= _MOST_TASKS_TO_PROVE
    incumbent.enter("annealing")
    own = stopping.share(0.4) if for_proof and options.has_deadline else stopping
    annealing.run(own, threads, fruitless=_FRUITLESS if for_proof else None, work=work)
    if for_proof and not stopping and not incumbent.is_optimal:
        from gapweave.solver.steady.exact import prove  # OR-Tools takes a while to load

        own = stopping.share(0.4) if tasks > _FEW_TASKS and options.has_deadline else stopping
        prove(graph, incumbent, own, workers=threads, seed=options.seed, work_limit=work)
    if options.has_deadline:
        incumbent.enter("annealing")
        annealing.run(stopping, threads)


def _conclude(
    graph: CyclicGraph, incumbent: SteadyIncumbent, options: Options, stopping: Stopping
) -> Schedule:
    """Turn the best schedule into a verified one, or say why there is none."""
    best = incumbent.best
    if best is None:
        if stopping.signal.is_set():
            raise Interrupted("interrupted before a schedule was found")
        raise NothingFound("no schedule was found within the limit")
    rows = rows_of(graph.arrays, best.timed.starts)
    bound = incumbent.proven
    return verified(
        Schedule(
            instance=graph.instance,
            placement=options.placement,
            objective="period",
            steps=graph.arrays.steps,
            status="optimal" if best.period == bound.value else "feasible",
            makespan=max(row.end for row in rows) - min(row.start for row in rows),
            period=best.period,
            lower_bound=bound.value,
            bound=bound.bound,
            job_makespans={
                job.name: max(row.end for row in rows if row.job == index)
                for index, job in enumerate(graph.instance.jobs)
            },
            solver=solver_record(options, stopping, best.source),
            tasks=sort_tasks(rows),
        )
    )
