"""Merge: every job keeps the order of tasks of its own best schedule, each device mixes the orders.

References
----------
Where the jobs' memory does not fit together, it is promised as in the banker's algorithm: E. W. Dijkstra,
"Cooperating Sequential Processes", EWD 123, 1965. The combination is ours.
"""

from itertools import product
from typing import ClassVar, Literal

from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.base import Plan
from gapweave.solver.heuristics.merged_orders import Orders, merged_orders, order_alone
from gapweave.solver.heuristics.order_memory import peak_memory
from gapweave.solver.job_alone import best_alone
from gapweave.solver.room import free_capacities
from gapweave.solver.timing import earliest_starts


class Merge:
    """Any number of jobs, each in the order that the policy which suits it best alone gives it.

    Of the tasks that are ready a device takes one by a rule: longest way to go, least progress, microbatches
    in turn, first job, or last job. Where memory is short it is promised to the first job first, or to the
    last. What ends first is kept.
    """

    name: ClassVar[str] = "merge"
    jobs: ClassVar[Literal["single", "many"]] = "many"

    def plan(self, arrays: TaskArrays) -> Plan:
        """Schedule every job alone, merge in several ways and keep the best."""
        jobs = range(len(arrays.instance.jobs))
        own = [order_alone(arrays, job, best_alone(arrays.instance, job)) for job in jobs]
        paths, turns = arrays.paths, len(jobs) * arrays.microbatch + arrays.job
        rules = (-paths.tail, paths.head - paths.tail, turns, arrays.job, -arrays.job)
        candidates = [
            earliest_starts(arrays, merged_orders(arrays, own, keys.tolist(), precedence=precedence))
            for keys, precedence in product(rules, _precedences(arrays, own))
        ]
        return Plan(min(candidates, key=lambda starts: int((starts + arrays.duration).max())))


def _precedences(arrays: TaskArrays, own: list[Orders]) -> list[range]:
    """Return the orders of the jobs in which to promise memory; one is enough where there is enough of it."""
    jobs = range(len(own))
    for device, free in enumerate(free_capacities(arrays.instance)):
        if free is not None and sum(peak_memory(arrays, orders[device]) for orders in own) > free:
            return [jobs, jobs[::-1]]
    return [jobs]
