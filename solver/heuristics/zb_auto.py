"""Automatic zero-bubble schedules: a few parameters of 1F1B with delayed weight gradients, the best kept.

References
----------
P. Qi, X. Wan, G. Huang, M. Lin, "Zero Bubble Pipeline Parallelism", ICLR 2024, arXiv 2401.10241, section 3:
a heuristic scheduler under a memory limit whose parameters are searched by simulation (zb-1p, zb-2p).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import ClassVar

from gapweave.models.instance import Job
from gapweave.models.task_arrays import TaskArrays
from gapweave.solver.heuristics.delayed_weights import UNLIMITED, WeightRule
from gapweave.solver.heuristics.zb_h1 import zb_h1_rule
from gapweave.solver.heuristics.zb_h2 import zb_h2_rule
from gapweave.solver.heuristics.zero_bubble import ZeroBubble

#: Microbatches in flight, as shares of those that cover the round trip, and what is added before rounding
#: down; both in percent.
_ROUND_TRIPS = ((75, 50), (100, 0), (100, 50), (105, 50), (110, 0))
#: Most weight gradients that wait on stage s, as a multiple of s.
_DELAYS = (4, UNLIMITED)
#: Share of W's duration from which on an idle interval is filled.
_PATIENCE = (0.0, 1.0)


class ZbAuto(ZeroBubble):
    """The schedule with the shortest stage span among several warm-ups, delays of W and ways to fill gaps.

    Every stage holds as many microbatches as its memory allows; without a limit, at most 2P. The span of a
    stage, from its first start to its last end, is what the paper minimises: with no barrier before the
    optimizer, the next step of each stage can follow at once.
    """

    name: ClassVar[str] = "zb-auto"

    def rules(self, arrays: TaskArrays) -> Iterable[WeightRule]:
        """ZB-H1's and ZB-H2's, and all combinations of the parameters."""
        job = arrays.instance.jobs[0]
        stages = len(job.stages)
        yield zb_h1_rule(stages)
        yield zb_h2_rule(stages)
        held = _most_held(arrays)
        for warm_up, delay, patience in product(_warm_ups(job), _DELAYS, _PATIENCE):
            in_flight = tuple(min(held, job.microbatch_count, count) for count in warm_up)
            yield WeightRule(in_flight, tuple(delay * stage for stage in range(stages)), held, patience)


def _warm_ups(job: Job) -> Iterator[Sequence[int]]:
    """Yield microbatches in flight per stage: 1F1B's, and what covers the round trip, less or more."""
    yield range(len(job.stages), 0, -1)
    for share, extra in _ROUND_TRIPS:
        yield [
            max(1, (share * trip + extra * stage.forward) // (100 * stage.forward))
            for trip, stage in zip(_round_trips(job), job.stages, strict=True)
        ]


def _round_trips(job: Job) -> list[int]:
    """Return the ticks from the start of a microbatch's F on each stage to the arrival of its B there."""
    trips = [job.stages[-1].forward]
    for number in range(len(job.stages) - 2, -1, -1):
        before, after = job.stages[number], job.stages[number + 1]
        transfers = job.forward_lags[number] + job.backward_lags[number]
        trips.append(before.forward + trips[-1] + after.backward + transfers)
    return trips[::-1]


def _most_held(arrays: TaskArrays) -> int:
    """Return the most microbatches between F and W on a stage: 2P unless memory sets the limit."""
    job = arrays.instance.jobs[0]
    is_limited = all(
        arrays.instance.devices[stage.device].memory_capacity is not None and stage.memory.forward
        for stage in job.stages
    )
    return UNLIMITED if is_limited else 2 * len(job.stages)
