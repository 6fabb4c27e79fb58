"""Finding patterns: one of the shortest period that is found, then one that is sooner through.

Any pattern of a period is found much sooner than a good one: with 32 devices in a fraction of a second, where
CP-SAT finds none in 20 s while it minimises.
"""

from collections.abc import Iterator
from dataclasses import replace

from gapweave.models.task_arrays import B, F, TaskArrays, W
from gapweave.solver.pattern.pattern import Pattern, period_counts
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Fewest periods that a job must fill for a pattern to show.
_FEWEST_PERIODS = 3
#: Periods that are tried, as a multiple of the busiest device's load, and CP-SAT's deterministic units for
#: each: where there is no pattern without idle time, one with little is hardly ever found either.
_LENGTHS = {1.0: 1.0, 1.06: 0.3}
#: The same to shorten the way through what was found.
_SHORTENING_WORK = 1.0
#: Resolution of a pattern.
_TICKS_PER_PERIOD = 120


def find_patterns(problem: Problem, stopping: Stopping, seed: int) -> Iterator[Pattern]:
    """Yield a pattern with the shortest period that is found, then one with a shorter way through.

    Nothing if the jobs are too short for one to show.
    """
    microbatches = tuple(job.microbatch_count for job in problem.instance.jobs)
    counts = period_counts(microbatches)
    periods = min(count // own for count, own in zip(microbatches, counts, strict=True))
    if problem.pinned is not None or periods < _FEWEST_PERIODS:
        return
    from gapweave.solver.pattern.period_model import PeriodModel  # OR-Tools takes a while to load

    arrays = coarsened(problem.arrays, max(1, _load(problem.arrays, counts) // _TICKS_PER_PERIOD))
    load = _load(arrays, counts)
    tried = None
    for length, work in _LENGTHS.items():
        period = int(load * length)
        if stopping or period == tried:
            return
        tried = period
        model = PeriodModel(arrays, counts, period)
        pattern = model.find(work, seed, stopping)
        if pattern is not None:
            yield pattern
            shorter = model.shorten(_SHORTENING_WORK, seed, stopping)
            if shorter is not None:
                yield shorter
            return


def coarsened(arrays: TaskArrays, unit: int) -> TaskArrays:
    """Return the tasks with times in units, rounded: a guide need not be exact, and CP-SAT likes it small.

    Parameters
    ----------
    unit
        In ticks.
    """
    blocks = tuple(
        block._replace(duration=max(1, round(block.duration / unit)) if block.duration else 0)
        for block in arrays.blocks
    )
    links = tuple(link._replace(lag=round(link.lag / unit)) for link in arrays.links)
    return replace(arrays, blocks=blocks, links=links)


def _load(arrays: TaskArrays, counts: tuple[int, ...]) -> int:
    """Return the work of one period on the busiest device."""
    loads = [0] * len(arrays.instance.devices)
    for block in arrays.blocks:
        if block.kind in (F, B, W) and not block.step:
            loads[block.device] += counts[block.job] * block.duration
    return max(loads)
