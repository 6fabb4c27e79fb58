"""The beginning of a solve: schedules that need no compiled loop, while those are loaded or compiled."""

import logging
from contextlib import suppress
from itertools import chain

from gapweave.models.errors import NotApplicable
from gapweave.solver.heuristics import heuristic
from gapweave.solver.incumbent import Incumbent
from gapweave.solver.job_alone import JobAlone, best_policy, in_turn
from gapweave.solver.kernels import Preparation, prepare_lists
from gapweave.solver.problem import Problem
from gapweave.solver.stopping import Stopping

#: Seconds that loading compiled loops takes at most; what takes longer is compiled.
_LOADING = 1.0
#: What does without compiled loops, beside single-job policies.
_UNCOMPILED = ("tick-tock", "bidirectional")
#: Seconds per task that they all take together.
_SECONDS_PER_TASK = 1e-3
#: Above so many tasks plain Python takes too long as well.
_MOST_TASKS = 20_000

_EXPLANATION = (
    "the loops of the search are compiled first, once on a machine and for up to half a minute; "
    "`python -m gapweave.solver.kernels` does it ahead"
)

_log = logging.getLogger(__name__)


def wait_for_loops(incumbent: Incumbent, stopping: Stopping, pinned: JobAlone | None) -> bool:
    """Wait until the list scheduler can run, or it is time to stop; returns whether it can.

    Shortly before the time is over, schedules without it are offered: no sooner, so that how long loading
    takes does not decide which schedules a solve begins with.

    Parameters
    ----------
    pinned
        The primary as it runs alone, if the mode promises it something.
    """
    problem = incumbent.problem
    preparation = Preparation(prepare_lists)
    loading = stopping.within(min(_LOADING, stopping.remaining))
    if not preparation.wait(loading) and not stopping.signal.is_set():
        _log.warning(_EXPLANATION)
    needed = min(_SECONDS_PER_TASK * problem.arrays.task_count, stopping.remaining / 2)
    if not preparation.wait(stopping.reserving(needed)) and not stopping.signal.is_set():
        _offer_uncompiled(problem, incumbent, pinned)
    return preparation.wait(stopping)


def _offer_uncompiled(problem: Problem, incumbent: Incumbent, pinned: JobAlone | None) -> None:
    """Offer the jobs one after the other, each under its best policy, then joint heuristics."""
    if problem.arrays.task_count > _MOST_TASKS:
        return
    first = [] if pinned is None else [pinned]
    jobs = range(len(first), len(problem.instance.jobs))
    with suppress(NotApplicable):
        others = (best_policy(problem.instance, job) for job in jobs)
        incumbent.offer(in_turn(problem.arrays, chain(first, others)), "sequential")
    if problem.primary is None:
        for name in _UNCOMPILED:
            with suppress(NotApplicable):
                incumbent.offer(heuristic(name).plan(problem.arrays).starts, name)
