"""How list schedules follow a plan: a handful of numbers, and one for each lane.

A plan gives each task a time. Its times, delayed as a guide says, are the keys of a list schedule; the list
scheduler never idles for them, so what the plan leaves out comes by itself.
"""

import random
from dataclasses import dataclass, replace

import numpy as np

from gapweave.models.task_arrays import KIND_COUNT, FloatArray, TaskArrays

#: Chance that a change is one of lanes, how many of them, and how far.
_LANES_CHANCE = 0.5
_LANES_MOVED = (1, 2, 4, 8)
_LANE_SPREADS = (0.03, 0.1, 0.3)
#: Delays of F, B and W, and patience, that are drawn, at least and at most; half of the time no patience.
_DRAWN_DELAYS = ((-2.0, 6.0), (-6.0, 2.0), (-2.0, 12.0))
_MOST_PATIENCE_DRAWN = 1.5


@dataclass(frozen=True)
class Guide:
    """How list schedules follow a plan.

    Attributes
    ----------
    job_delay, kind_delay, lane_delay
        Delays per job, per kind (F, B, W) and per block, in periods.
    kind_drift
        Per kind: share by which its times grow.
    spare_share
        Share of the memory that the plan leaves free that may be used.
    patience
        Per kind, see `gapweave.solver.list_scheduler.ListScheduler.run`.
    """

    job_delay: tuple[float, ...]
    kind_delay: tuple[float, float, float]
    kind_drift: tuple[float, float, float]
    spare_share: float
    patience: tuple[float, float, float]
    lane_delay: tuple[float, ...]

    @classmethod
    def default(cls, jobs: int, lanes: int) -> "Guide":
        """Exactly the plan."""
        return cls((0.0,) * jobs, (0.0,) * 3, (0.0,) * 3, 0.0, (0.0,) * 3, (0.0,) * lanes)

    def drawn(self, rng: random.Random) -> "Guide":
        """Draw delays of kinds and patience anew."""
        f, b, w = (rng.uniform(*ends) for ends in _DRAWN_DELAYS)
        patience = [rng.choice((0.0, rng.uniform(0, _MOST_PATIENCE_DRAWN))) for _ in "FBW"]
        return replace(self, kind_delay=(f, b, w), patience=(patience[0], patience[1], patience[2]))

    def keys(self, plan: FloatArray, period: float, arrays: TaskArrays) -> FloatArray:
        """Return the keys of a list schedule that follows the plan, shape (nodes,).

        Parameters
        ----------
        plan
            When each node starts, shape (nodes,), in any unit.
        period
            What delays count in, in the same unit.
        """
        delay, drift = np.zeros(KIND_COUNT), np.zeros(KIND_COUNT)
        delay[:3], drift[:3] = self.kind_delay, self.kind_drift
        lane_delay = np.repeat(self.lane_delay, [block.size for block in arrays.blocks])
        delays = delay[arrays.kind] + np.array(self.job_delay)[arrays.job] + lane_delay
        keys: FloatArray = plan * (1.0 + drift[arrays.kind]) + period * delays
        return keys

    def perturbed(self, rng: random.Random) -> "Guide":
        """Change a few lanes that are neighbours, or about half of the other parameters, a little."""
        if rng.random() < _LANES_CHANCE:
            return self._with_lanes_moved(rng)

        def moved(value: float, spread: float) -> float:
            return value + rng.gauss(0, spread) if rng.random() < 0.4 else value

        def triple(values: tuple[float, float, float], spread: float) -> tuple[float, float, float]:
            first, second, third = (moved(value, spread) for value in values)
            return first, second, third

        f, b, w = triple(self.patience, 0.3)
        return Guide(
            (0.0, *(moved(delay, 1.0) for delay in self.job_delay[1:])),
            triple(self.kind_delay, 0.3),
            triple(self.kind_drift, 0.02),
            min(1.0, max(0.0, moved(self.spare_share, 0.2))),
            (max(0.0, f), max(0.0, b), max(0.0, w)),
            self.lane_delay,
        )

    def _with_lanes_moved(self, rng: random.Random) -> "Guide":
        delays, first = list(self.lane_delay), rng.randrange(len(self.lane_delay))
        delay = rng.gauss(0, rng.choice(_LANE_SPREADS))
        for lane in range(first, min(len(delays), first + rng.choice(_LANES_MOVED))):
            delays[lane] += delay
        return replace(self, lane_delay=tuple(delays))
