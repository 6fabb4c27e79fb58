"""Improving a periodic schedule by all means: annealing, proofs cell by cell, large neighbourhoods."""

from gapweave.solver.options import Options
from gapweave.solver.steady.graph import CyclicGraph
from gapweave.solver.steady.incumbent import SteadyIncumbent
from gapweave.solver.steady.neighbourhood_choice import NeighbourhoodChoice
from gapweave.solver.steady.reach import freedom
from gapweave.solver.steady.search import CyclicAnnealing
from gapweave.solver.stopping import Stopping

#: Above so many tasks, or if more is left open than this, CP-SAT does not look at the whole period at once.
_MOST_TASKS_TO_PROVE, _MOST_FREEDOM = 1_200, 220.0
#: Above so many tasks CP-SAT's models of neighbourhoods take too long: they hold all tasks.
_MOST_TASKS_TO_FREE = 6_000
#: Share of the time left for annealing before CP-SAT is asked, and of the rest for proofs.
_ANNEALING_SHARE, _PROOF_SHARE = 0.3, 0.7
#: Rounds of annealing, and neighbourhoods, without success after which something else is tried.
_FRUITLESS_ROUNDS, _FRUITLESS_NEIGHBOURHOODS = 4, 200
#: Seconds of the first two turns of neighbourhoods and annealing, and by how much the next two are longer.
_FIRST_TURNS, _LONGER = 4.0, 1.4
#: Share of two turns for which of them gained more per second the last time.
_WINNER = 0.75


def improve(graph: CyclicGraph, incumbent: SteadyIncumbent, options: Options, stopping: Stopping) -> None:
    """Anneal until it stagnates, let CP-SAT prove or improve what is small enough, then search in turns."""
    if incumbent.best is None or incumbent.is_optimal:
        return
    annealing = CyclicAnnealing(graph, incumbent, options.seed)
    tasks, threads, work = graph.arrays.task_count, options.threads, options.work_limit
    for_neighbourhoods = tasks <= _MOST_TASKS_TO_FREE
    for_proof = tasks <= _MOST_TASKS_TO_PROVE and freedom(graph, incumbent.best.period) <= _MOST_FREEDOM
    patience = _FRUITLESS_ROUNDS if for_neighbourhoods or not options.has_deadline else None
    incumbent.enter("annealing")
    own = stopping.share(_ANNEALING_SHARE) if for_neighbourhoods and options.has_deadline else stopping
    annealing.run(own, threads, fruitless=patience, work=work)
    if for_proof and not stopping and not incumbent.is_optimal:
        from gapweave.solver.steady.exact import prove  # OR-Tools takes a while to load

        own = stopping.share(_PROOF_SHARE) if options.has_deadline else stopping
        prove(graph, incumbent, own, workers=threads, seed=options.seed, work_limit=work)
    if for_neighbourhoods:
        _take_turns(incumbent, annealing, options, stopping)


def _take_turns(
    incumbent: SteadyIncumbent, annealing: CyclicAnnealing, options: Options, stopping: Stopping
) -> None:
    """Search neighbourhoods and anneal in turn, longer each time; what gains more gets more of the time."""
    if stopping or incumbent.is_optimal:
        return
    from gapweave.solver.steady.lns import improve_by_neighbourhoods  # OR-Tools takes a while to load

    choice = NeighbourhoodChoice(incumbent.graph.arrays.task_count, options.seed)
    if not options.has_deadline:
        improve_by_neighbourhoods(
            incumbent,
            choice,
            stopping,
            workers=options.threads,
            work_limit=options.work_limit,
            fruitless=_FRUITLESS_NEIGHBOURHOODS,
        )
        return
    length, share = _FIRST_TURNS, 0.5
    while not stopping and not incumbent.is_optimal:
        before = _period(incumbent)
        own = stopping.within(min(length * share, stopping.remaining))
        improve_by_neighbourhoods(incumbent, choice, own, workers=options.threads)
        between = _period(incumbent)
        incumbent.enter("annealing")
        annealing.run(stopping.within(min(length * (1 - share), stopping.remaining)), options.threads)
        by_freeing, by_moving = (before - between) / share, (between - _period(incumbent)) / (1 - share)
        share = 0.5 if by_freeing == by_moving else _WINNER if by_freeing > by_moving else 1 - _WINNER
        length *= _LONGER


def _period(incumbent: SteadyIncumbent) -> int:
    assert incumbent.period is not None
    return incumbent.period
