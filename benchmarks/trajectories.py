"""Questions to a run's trajectory: what was known when."""

from collections.abc import Iterable, Sequence

from benchmarks.runs import Point, Run

#: What a run finds this much after its time limit (seconds, share; the longer) still counts.
_TOLERANCE = (0.5, 0.05)


def trajectory(run: Run) -> Sequence[Point]:
    """Return the points within the time limit of a run whose schedule the verifier accepted, else none."""
    if run.makespan is None:
        return ()
    limit = run.request.setting.time_limit
    last = limit + max(_TOLERANCE[0], _TOLERANCE[1] * limit)
    return [point for point in run.trajectory if point.elapsed <= last]


def makespan(run: Run) -> int | None:
    """Return the best makespan within the time limit, in ticks."""
    points = trajectory(run)
    return points[-1].makespan if points else None


def time_to_first(run: Run) -> float | None:
    """Return the seconds to the first schedule."""
    return _first(point.elapsed for point in trajectory(run) if point.makespan is not None)


def time_to_makespan(run: Run, target: float) -> float | None:
    """Return the seconds to the first schedule no longer than ``target`` ticks."""
    found = (point for point in trajectory(run) if point.makespan is not None and point.makespan <= target)
    return _first(point.elapsed for point in found)


def time_to_gap(run: Run, lower_bound: int, gap: float) -> float | None:
    """Return the seconds to the first schedule within a gap (0.01: 1 %) of a bound."""
    return time_to_makespan(run, lower_bound * (1 + gap))


def time_to_proof(run: Run) -> float | None:
    """Return the seconds until the method itself had proven its schedule optimal."""
    return _first(
        point.elapsed
        for point in trajectory(run)
        if point.makespan is not None and point.makespan == point.lower_bound
    )


def gap_at(run: Run, elapsed: float, lower_bound: int) -> float | None:
    """Return ``makespan / lower_bound - 1`` of the best schedule known at a time; None before the first."""
    known = [point.makespan for point in trajectory(run) if point.elapsed <= elapsed and point.makespan]
    return known[-1] / lower_bound - 1 if known else None


def _first(times: Iterable[float]) -> float | None:
    return next(iter(times), None)
