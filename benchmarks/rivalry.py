"""One method against another: who is better, and who is sooner."""

from dataclasses import dataclass
from math import exp, log

from benchmarks.comparison import Comparison
from benchmarks.runs import Run
from benchmarks.trajectories import makespan, time_to_makespan

#: Speed is compared where the rival needed this many seconds or more for its best.
SLOW = 5.0
#: Shortest time that a speed ratio assumes: below it, clocks say little.
_SHORTEST = 0.01


@dataclass(frozen=True)
class Rivalry:
    """A method against a rival, on all instances for which the rival found a schedule.

    Attributes
    ----------
    instances, better, worse
        On how many both were run, and the names of those where the method's makespan is shorter, or longer.
    slow
        On how many the rival needed `SLOW` seconds or more to its best makespan.
    sooner
        Geometric mean, over the slow ones, of the rival's time to its best makespan over the method's time to
        that makespan or a better one (the time limit if it never got there); None if there is no slow one.
    """

    rival: str
    instances: int
    better: tuple[str, ...]
    worse: tuple[str, ...]
    slow: int
    sooner: float | None


def rivalry(comparison: Comparison, method: str, rival: str) -> Rivalry:
    """Compare two methods."""
    own, others = comparison.runs_of(method), comparison.runs_of(rival)
    common = [name for name in others if name in own and makespan(others[name]) is not None]
    ratios = [ratio for name in common if (ratio := _speed_ratio(own[name], others[name])) is not None]
    return Rivalry(
        rival,
        len(common),
        tuple(name for name in common if _value(own[name]) < _value(others[name])),
        tuple(name for name in common if _value(own[name]) > _value(others[name])),
        len(ratios),
        exp(sum(map(log, ratios)) / len(ratios)) if ratios else None,
    )


def _value(run: Run) -> float:
    found = makespan(run)
    return float("inf") if found is None else found


def _speed_ratio(run: Run, other: Run) -> float | None:
    """Return how much sooner a run had the other's best makespan; None if the other was quick itself."""
    best = _value(other)
    slow, quick = time_to_makespan(other, best), time_to_makespan(run, best)
    if slow is None or slow < SLOW:
        return None
    return slow / max(_SHORTEST, run.request.setting.time_limit if quick is None else quick)
