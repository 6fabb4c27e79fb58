"""Profiles over many instances: what share of them a method has brought how far.

References
----------
E. D. Dolan, J. J. Moré, "Benchmarking optimization software with performance profiles", Mathematical
Programming 91 (2002), doi:10.1007/s101070100263.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import median


def share_reached(values: Sequence[float | None], limits: Sequence[float]) -> list[float]:
    """Return for each limit the share of values that are no larger; None is a value that is never reached.

    Parameters
    ----------
    values
        One number per instance, such as the seconds to a schedule within 1 %.
    limits
        Shape (limits,).

    Returns
    -------
    list of float
        Shape (limits,), each from 0 to 1; no values at all give 0.
    """
    reached = sorted(value for value in values if value is not None)
    return [bisect_right(reached, limit) / max(1, len(values)) for limit in limits]


def performance_ratios(makespans: Mapping[str, int | None], best: Mapping[str, int]) -> list[float | None]:
    """Return a method's makespan over the best of all methods, per instance; None where it has none.

    Parameters
    ----------
    makespans
        Of one method, by instance, in ticks.
    best
        Of all methods, by instance, in ticks.
    """
    return [
        None if value is None else value / best[instance]
        for instance, value in makespans.items()
        if instance in best
    ]


def median_reached(values: Sequence[float | None]) -> float | None:
    """Return the median, where None (never reached) is worse than any number; None if that is the median."""
    if not values:
        return None
    middle = median(float("inf") if value is None else value for value in values)
    return None if middle == float("inf") else middle
