"""Which numbers of steps are worth a try, the most secondary steps per step of the primary first."""

from fractions import Fraction

#: Most steps of the primary in any case, and of each secondary job.
_MOST_STEPS = 16
_MOST_SECONDARY_STEPS = 8


def step_ratios(
    jobs: int, bound: Fraction, most_primary: int, tasks_of_step: int, most_tasks: int
) -> list[tuple[int, ...]]:
    """Return steps per period of each job, every secondary job as many as the others.

    Parameters
    ----------
    jobs
        How many jobs there are, the primary among them.
    bound
        Secondary steps per step of the primary that can fit at most.
    most_primary
        Most steps of the primary in a period, unless the secondary jobs need more to have one.
    tasks_of_step
        Tasks of one step of the largest job; larger combinations than ``most_tasks`` are left out, but for
        the smallest of all.
    """
    if bound <= 0:
        return []
    most = min(max(most_primary, -(-bound.denominator // bound.numerator)), _MOST_STEPS)
    pairs = [
        (own, others)
        for own in range(1, most + 1)
        for others in range(1, _MOST_SECONDARY_STEPS + 1)
        if Fraction(others, own) <= bound
    ]
    pairs.sort(key=lambda pair: (-Fraction(pair[1], pair[0]), pair[0]))
    small = [pair for pair in pairs if sum(pair) * tasks_of_step <= most_tasks]
    return [(own, *(others,) * (jobs - 1)) for own, others in small or pairs[-1:]]
