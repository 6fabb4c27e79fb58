"""When each task of a period would run if the pipeline were a stream without any waiting.

Microbatches enter one after the other, each as soon as the busiest device has had the time for the one before
it; they run forward without a stop, and come back with some delay spread over the stages. Devices would have
to run two tasks at a time now and then: a plan gives priorities, not a schedule.
"""

from collections.abc import Sequence

import numpy as np

from gapweave.models.instance import Job
from gapweave.models.task_arrays import B, Block, F, FloatArray, O, TaskArrays, W
from gapweave.solver.steady.sequence import MicrobatchSequence


class StreamPlan:
    """Planned times of one sequence.

    Parameters
    ----------
    arrays
        The tasks of one period.
    sequence
        In which order microbatches enter.
    period
        Ticks after which the plan repeats.

    Attributes
    ----------
    unit
        Mean time of one microbatch on the busiest device, in ticks.
    """

    def __init__(self, arrays: TaskArrays, sequence: MicrobatchSequence, period: int) -> None:
        self.arrays = arrays
        self.period = period
        self.unit = period / sequence.length
        owners = sequence.owners()
        slots = _work_per_microbatch(arrays)[owners]
        begins = np.concatenate(([0.0], np.cumsum(slots)))[:-1] * period / slots.sum()
        self._entry = {
            step: begins[positions % sequence.length] + positions // sequence.length * period
            for step, positions in sequence.positions.items()
        }

    def times(self, way_back: Sequence[float], weight_delay: float) -> FloatArray:
        """Return when each node is planned to start, shape (nodes,), in ticks; 0 for milestones.

        Parameters
        ----------
        way_back
            Of each job: delay of the first stage's backward beyond what it has to wait for, in units; later
            stages have less, the last one none.
        weight_delay
            How long W waits after B, in units.
        """
        times = np.zeros(self.arrays.node_count)
        for block in self.arrays.blocks:
            own = slice(block.first, block.first + block.size)
            if block.kind in (F, B, W):
                offset = self._offset(block, way_back[block.job], weight_delay)
                times[own] = self._entry[block.job, block.step] + offset
            elif block.kind == O:
                times[own] = max(times[last] for last in self._closing(block))
        return times

    def way_back_in_memory(self, room: Sequence[int | None]) -> float:
        """Return the longest delay on the way back, in units, with which each job alone fits into memory.

        Parameters
        ----------
        room
            Memory of each device beyond what is resident; None if unlimited.
        """
        longest = float(max(len(job.stages) for job in self.arrays.instance.jobs) - 1)
        for job in self.arrays.instance.jobs:
            last = len(job.stages) - 1
            held, more = np.zeros(len(room)), np.zeros(len(room))
            for number, stage in enumerate(job.stages):
                out = _way_forward(job, last) - _way_forward(job, number) + job.stages[last].forward
                out += _way_back(job, number) + stage.backward
                held[stage.device] += stage.memory.peak * out / self.unit
                more[stage.device] += stage.memory.peak * (last - number) / max(1, last)
            for free, level, slope in zip(room, held, more, strict=True):
                if free is not None and slope > 0:
                    longest = min(longest, (free - level) / slope)
        return max(0.0, longest)

    def _offset(self, block: Block, way_back: float, weight_delay: float) -> float:
        """Return how long after its entry a microbatch reaches a block."""
        job, stage = self.arrays.instance.jobs[block.job], block.stage
        if block.kind == F:
            return _way_forward(job, stage)
        last = len(job.stages) - 1
        offset = _way_forward(job, last) + job.stages[last].forward + _way_back(job, stage)
        offset += way_back * self.unit * (last - stage) / max(1, last)
        if block.kind == W:
            offset += job.stages[stage].backward + weight_delay * self.unit
        return offset

    def _closing(self, block: Block) -> list[int]:
        """Return the last B and W before an O."""
        kinds = (self.arrays.block(block.job, kind, block.stage, block.step) for kind in (B, W))
        return [before.first + before.size - 1 for before in kinds if before is not None]


def _work_per_microbatch(arrays: TaskArrays) -> FloatArray:
    """Return what a microbatch of each job takes on the busiest device, or else on its mean one."""
    instance = arrays.instance
    work = np.zeros((len(instance.jobs), len(instance.devices)))
    for index, job in enumerate(instance.jobs):
        for stage in job.stages:
            work[index, stage.device] += stage.work
    count = np.array([job.microbatch_count for job in instance.jobs]) * arrays.steps
    busiest = work[:, int((count @ work).argmax())]
    mean = work.sum(axis=1) / np.maximum(1, (work > 0).sum(axis=1))
    return np.where(busiest > 0, busiest, mean)


def _way_forward(job: Job, stage: int) -> float:
    """Return the time from a microbatch's first F to its F on a stage."""
    return sum(own.forward for own in job.stages[:stage]) + sum(job.forward_lags[:stage])


def _way_back(job: Job, stage: int) -> float:
    """Return the time from the end of a microbatch's last F to its B on a stage."""
    return sum(own.backward for own in job.stages[stage + 1 :]) + sum(job.backward_lags[stage:])
