"""Equal jobs are interchangeable: which jobs are, and schedules in which they take turns.

Number the tasks of one kind on one stage, of all equal jobs together, in the order in which they run. The
n-th forward of stage s+1 follows at least n forwards of stage s, so the n-th of those ended in time; the same
holds for every other precedence, and memory only counts tasks. So without loss the n-th task belongs to job
n mod g of g equal jobs: the jobs take turns, microbatch by microbatch. Optimizers wait for all microbatches
of their own job, so with optimizers or barriers only the k-th tasks of the jobs are put in order, for each k.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from gapweave.models.instance import Job
from gapweave.models.task_arrays import Block, Int64Array
from gapweave.solver.problem import Problem


def equal_jobs(problem: Problem) -> list[list[int]]:
    """Return the groups of at least two jobs that may be exchanged for each other.

    A primary with times or a limit of its own is in no group.
    """
    groups: dict[object, list[int]] = defaultdict(list)
    for number, job in enumerate(problem.instance.jobs):
        if number or problem.primary is None:
            lags = (job.forward_lags, job.backward_lags)
            groups[job.microbatch_count, job.stages, lags, job.release, job.optimizer_barrier].append(number)
    return [group for group in groups.values() if len(group) > 1]


def take_turns(job: Job) -> bool:
    """Whether equal jobs like this one may take turns, microbatch by microbatch."""
    return not job.optimizer_barrier and not any(stage.optimizer for stage in job.stages)


def in_turns(problem: Problem, starts: Int64Array) -> Int64Array:
    """Return an equally good schedule in which equal jobs take turns; shape (nodes,), in ticks."""
    renumbered = starts.copy()
    for group in equal_jobs(problem):
        for blocks in equal_blocks(problem, group):
            nodes = np.array([block.nodes for block in blocks], dtype=np.int64)
            own = np.sort(starts[nodes], axis=1)
            if take_turns(problem.instance.jobs[group[0]]):
                renumbered[nodes] = np.sort(own, axis=None).reshape(nodes.shape[::-1]).T
            else:
                renumbered[nodes] = np.sort(own, axis=0)
    return renumbered


def equal_blocks(problem: Problem, group: list[int]) -> Iterator[list[Block]]:
    """Yield the blocks of one kind and stage of all jobs of a group, in the order of the jobs."""
    found: dict[tuple[int, int], list[Block]] = defaultdict(list)
    for block in problem.arrays.blocks:
        if block.job in group:
            found[block.kind, block.stage].append(block)
    yield from found.values()
