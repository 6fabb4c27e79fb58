"""The tables of a comparison, in Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.comparison import Comparison
from benchmarks.markdown import NOTHING, percent, seconds, table, ticks
from benchmarks.profiles import median_reached
from benchmarks.published import Published
from benchmarks.rivalry import rivalry
from benchmarks.runs import Run
from benchmarks.trajectories import makespan, time_to_first, time_to_gap, time_to_makespan, time_to_proof

GAPS = (0.05, 0.01)


def overview(comparison: Comparison, methods: Sequence[str]) -> list[str]:
    """How far each method came, on the instances that it can express."""
    reached = [f"within {gap:.0%}" for gap in GAPS]
    columns = ["method", "expresses", "schedule", *reached, "proven", "best of all", "median s to first"]
    return table(columns, [_overview_row(comparison, method) for method in methods])


def _overview_row(comparison: Comparison, method: str) -> list[str]:
    runs, bounds, best = comparison.runs_of(method), comparison.lower_bounds, comparison.best_makespans
    first = [time_to_first(run) for run in runs.values()]
    within = [
        [time_to_gap(run, bounds[name], gap) for name, run in runs.items() if name in bounds] for gap in GAPS
    ]
    proven = [time_to_proof(run) for run in runs.values()]
    is_best = [makespan(run) is not None and makespan(run) == best[name] for name, run in runs.items()]
    return [
        method,
        f"{len(runs)} of {len(comparison.by_instance)}",
        *(_reached(times) for times in (first, *within, proven)),
        str(sum(is_best)),
        seconds(median_reached(first)),
    ]


def _reached(times: Iterable[float | None]) -> str:
    return str(sum(time is not None for time in times))


def rivalries(comparison: Comparison, method: str, rivals: Sequence[str]) -> list[str]:
    """One method against each of the others, where both have a schedule."""
    columns = ["rival", "instances", "better", "equal", "worse", "slow", "sooner by"]
    rows = []
    for found in (rivalry(comparison, method, rival) for rival in rivals):
        better, worse = len(found.better), len(found.worse)
        factor = NOTHING if found.sooner is None else f"{found.sooner:.1f} x"
        counts = (found.instances, better, found.instances - better - worse, worse, found.slow)
        rows.append([found.rival, *map(str, counts), factor])
    return table(columns, rows)


def makespans(comparison: Comparison, methods: Sequence[str]) -> list[str]:
    """The final makespan and gap of each method on each instance; the best ones in bold."""
    rows = []
    for instance, runs in comparison.by_instance.items():
        bound = comparison.lower_bounds.get(instance)
        best = comparison.best_makespans.get(instance)
        cells = [_makespan(runs.get(method), bound, best) for method in methods]
        rows.append([instance, ticks(bound), *cells])
    return table(["instance", "lower bound", *methods], rows)


def _makespan(run: Run | None, bound: int | None, best: int | None) -> str:
    if run is None:
        return "not run"
    value = makespan(run)
    if value is None:
        return run.status
    text = f"**{value:,}**" if value == best else f"{value:,}"
    return f"{text} ({percent(value / bound - 1)})" if bound else text


def times(comparison: Comparison, methods: Sequence[str]) -> list[str]:
    """Seconds to the first schedule / to 5 % / to 1 % / to the proof, of each method on each instance."""
    rows = []
    for instance, runs in comparison.by_instance.items():
        bound = comparison.lower_bounds.get(instance)
        rows.append([instance, *(_times(runs.get(method), bound) for method in methods)])
    return table(["instance", *methods], rows)


def _times(run: Run | None, bound: int | None) -> str:
    if run is None or makespan(run) is None:
        return ""
    within = [None if bound is None else time_to_gap(run, bound, gap) for gap in GAPS]
    return " / ".join(map(seconds, (time_to_first(run), *within, time_to_proof(run))))


def annealing(published: Sequence[Published], runs: dict[str, Run]) -> list[str]:
    """Published annealing results beside the runs of one method on the same instances."""
    theirs = ["published bound", "greedy", "annealed", "annealing, s"]
    columns = ["instance", *theirs, "gapweave", "lower bound", "as good after, s"]
    rows = []
    for result in published:
        row = [result.instance, ticks(result.lower_bound), ticks(result.greedy), ticks(result.annealed)]
        row.append(f"{result.seconds:,}")
        run = runs.get(result.instance)
        if run is None:
            rows.append([*row, "not run", NOTHING, NOTHING])
        else:
            sooner = seconds(time_to_makespan(run, result.annealed))
            rows.append([*row, ticks(makespan(run)), ticks(run.lower_bound), sooner])
    return table(columns, rows)
