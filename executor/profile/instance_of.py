"""From measurements to an instance file."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gapweave.executor.profile.costs import Kind, StageCosts
from gapweave.models.instance import Device, Instance, Job, Stage

#: A tick must not be more than this share of the shortest task.
_FINEST = 1e-3
_MICROSECOND = 1000


class MeasuredJob(NamedTuple):
    """A job as it was measured: costs and devices of its stages, and what else its instance says."""

    costs: Sequence[StageCosts]
    path: Sequence[int]
    microbatches: int
    optimizer_barrier: bool = False


def instance_of(
    name: str,
    source: str,
    jobs: Sequence[MeasuredJob],
    transfers: Mapping[int, int],
    devices: Sequence[Device],
    arrangement: str,
) -> Instance:
    """Return the instance of measured jobs.

    Parameters
    ----------
    source
        What was measured.
    transfers
        Nanoseconds of a message between two devices, by its bytes.
    arrangement
        How it was measured, for the description.
    """
    costs = [job.costs for job in jobs]
    tick = _tick(costs)
    return Instance(
        name=name,
        description=f"Medians {arrangement}; {_spread(costs)}",
        source=source,
        time_unit="us" if tick == _MICROSECOND else "ns",
        memory_unit="B",
        devices=tuple(devices),
        jobs=tuple(_job(number, job, transfers, tick) for number, job in enumerate(jobs)),
    )


def _job(number: int, measured: MeasuredJob, transfers: Mapping[int, int], tick: int) -> Job:
    costs = measured.costs
    return Job(
        name=job_name(number),
        microbatches=measured.microbatches,
        stages=tuple(map(_Stages(tick).stage, costs, measured.path)),
        optimizer_barrier=measured.optimizer_barrier,
        forward_transfer=tuple(round(transfers.get(stage.sent_forward, 0) / tick) for stage in costs[:-1]),
        backward_transfer=tuple(round(transfers.get(stage.sent_backward, 0) / tick) for stage in costs[1:]),
    )


def job_name(number: int) -> str:
    """Return what a measured job is called."""
    return ("primary", "secondary")[number] if number < 2 else f"job{number}"


def _spread(costs: Sequence[Sequence[StageCosts]]) -> str:
    """Return how much the samples of a task differ, in words."""
    stages = [stage for own in costs for stage in own]
    if any(len(samples) < 2 for stage in stages for samples in stage.nanoseconds.values()):
        return "spread unknown, there is one sample of a task"
    spreads = sorted(stage.spread(kind) for stage in stages for kind in stage.nanoseconds)
    middle, worst = spreads[len(spreads) // 2], spreads[-1]
    return f"interquartile range {middle:.1%} of the median for the middle task, {worst:.1%} at worst"


def _tick(costs: Sequence[Sequence[StageCosts]]) -> int:
    """Return the nanoseconds of a tick: a microsecond where that is fine enough."""
    shortest = min(stage.typical(kind) for own in costs for stage in own for kind in stage.nanoseconds)
    return _MICROSECOND if _FINEST * shortest >= _MICROSECOND / 2 else 1


class _Stages:
    """Makes stages of an instance with times in ticks of some nanoseconds."""

    def __init__(self, tick: int) -> None:
        self._tick = tick

    def stage(self, costs: StageCosts, device: int) -> Stage:
        return Stage(
            device=device,
            forward=self._ticks(costs, "F"),
            backward=self._ticks(costs, "B"),
            weight=self._ticks(costs, "W") if "W" in costs.nanoseconds else None,
            optimizer=self._ticks(costs, "O"),
            memory=costs.memory,
        )

    def _ticks(self, costs: StageCosts, kind: Kind) -> int:
        return max(1, round(costs.typical(kind) / self._tick))
